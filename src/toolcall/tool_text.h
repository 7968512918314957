// Calls of functions in the text of an answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "toolcall/call_reader.h"
#include "toolcall/request.h"
#include "toolcall/tool_format.h"

namespace cellm {

struct ToolEvent {
  enum class Kind : std::uint8_t { kContent, kCall, kArguments };
  Kind kind = Kind::kContent;
  std::size_t index = 0;  // of the call: kCall, kArguments
  std::string text = {};  // kContent; kArguments: more of the arguments' JSON
  std::string id = {};    // kCall
  std::string name = {};  // kCall
};

// Splits the text of an answer, without its reasoning, into content and calls. How the text is
// divided makes no difference. A call that breaks off or is malformed is content up to where it
// fails. White space around calls belongs to nothing. Not thread-safe.
class ToolText {
 public:
  // `constrained`: the text follows tool_constraint(), so that a call is passed on while it is
  // being written; otherwise when it is complete. `id_seed`: any random number, another one for
  // each answer; ids are 9 letters and digits, which is what Mistral's templates demand. Format and
  // request must outlive this.
  ToolText(const ToolFormat& format, const ToolRequest& request, bool constrained,
           std::uint64_t id_seed);

  void push(std::string_view text);
  void finish();  // no text follows

  // The events since the last call, neighbours that belong together as one.
  std::vector<ToolEvent> take();
  std::size_t calls() const { return calls_; }

 private:
  enum class State { kText, kCall, kBetween };

  void push_byte(char byte);
  void push_text(char byte);
  void push_call(char byte);
  void push_between(char byte);
  void begin_call(std::string_view text, bool first);
  void pass_on();
  void end_call();
  void fail_call();
  void leave_calls();
  void add_content(char byte);
  void add(ToolEvent event);
  std::string call_id() const;

  const ToolFormat& format_;
  const ToolRequest& request_;
  bool constrained_;
  std::uint64_t id_seed_;
  std::string trigger_;
  State state_ = State::kText;
  bool content_ = false;  // there was some
  std::string spaces_;    // dropped if a call follows
  std::string partial_;   // may be the beginning of the trigger, or of what stands between calls
  std::optional<CallReader> reader_;
  std::string call_text_;
  bool announced_ = false;
  std::size_t passed_on_ = 0;  // bytes of the arguments
  std::size_t calls_ = 0;
  std::vector<ToolEvent> events_;
};

}  // namespace cellm
