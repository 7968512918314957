// One call of a function, byte by byte.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolcall/argument_value.h"
#include "toolcall/json_scanner.h"
#include "toolcall/literal.h"
#include "toolcall/request.h"
#include "toolcall/tool_format.h"

namespace cellm {

// Reads a call with the text before it that belongs to the form. Not thread-safe.
class CallReader {
 public:
  enum class Status { kMore, kDone, kFailed };

  // `first`: section_open stands before the call. Format and tools must outlive this.
  CallReader(const ToolFormat& format, std::span<const ToolDefinition> tools, bool first);

  // Nothing may follow kDone and kFailed.
  Status push(char byte);
  // No byte follows. Whether the call is complete, with or without its closing tag.
  bool finish();

  // Once it is known.
  const std::optional<std::string>& name() const { return name_; }
  // The certain beginning of the arguments as JSON text. Only grows.
  const std::string& arguments() const { return arguments_; }
  // Of the latest bytes, those that did not complete a text of the form. When the call fails they
  // may be the beginning of something else.
  std::size_t unfinished() const { return unfinished_; }

 private:
  enum class Step { kOpen, kObject, kName, kAfterName, kMember, kKey, kKeyClose, kValue, kClose };

  Status enter(Step step);
  Status leave_literal();
  Status push_literal(char byte);
  Status push_name(char byte);
  Status push_object(char byte);
  Status push_member(char byte);
  Status push_key(char byte);
  Status push_value(char byte);
  Status begin_value();
  void end_value();
  void grow_text_value();
  bool read_members();
  bool end_object();
  bool is_arguments(const std::string& key) const;
  bool is_tool(const std::string& name) const;

  const ToolFormat& format_;
  std::span<const ToolDefinition> tools_;
  bool anchored_;  // nothing but the object itself tells that this is a call
  Step step_ = Step::kOpen;
  std::optional<Literal> literal_;  // that is being read
  std::optional<Literal> close_;    // or this one, where the next parameter may begin
  std::size_t unfinished_ = 0;
  JsonScanner object_;
  std::size_t members_ = 0;  // of the object, those that were looked at
  std::string raw_name_;
  std::string key_;
  std::vector<std::string> keys_;
  std::string value_;  // as it stands between the tags
  std::string_view value_end_;
  AllowedTypes types_;
  std::size_t certain_ = 0;  // bytes of value_ that arguments_ has
  std::optional<std::string> name_;
  std::string arguments_;
};

}  // namespace cellm
