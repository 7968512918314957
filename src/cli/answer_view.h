// An answer on standard output, while it is generated.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/markdown_stream.h"
#include "cli/terminal_style.h"
#include "engine/thinking.h"

namespace cellm {

// Tells the <think> block with which an answer may begin from the rest. Both are printed without
// white space at their ends. The block is dimmed on a terminal, and with its tags elsewhere; or
// folded: a line with its number of tokens on a terminal, nothing elsewhere. The rest is styled as
// Markdown on a terminal, and printed as it is elsewhere. Not thread-safe.
class AnswerView {
 public:
  AnswerView(TerminalStyle style, bool show_thinking)
      : style_(style), show_thinking_(show_thinking) {}

  // Whole characters, of which so many tokens were generated. Throws as print_now().
  void push(std::string_view text, std::size_t tokens);
  // Ends the answer and its line.
  void finish();

 private:
  void print_new();
  void begin_thinking();
  void think(std::string_view text);
  void end_thinking();
  void answer(std::string_view text);
  std::string_view trimmed(std::string& buffer, std::string_view text);

  TerminalStyle style_;
  bool show_thinking_;
  ThinkingText split_{ThinkingTags{}, false};
  std::size_t thought_bytes_ = 0;   // of the reasoning, passed on
  std::size_t answered_bytes_ = 0;  // of the answer
  bool thinking_ended_ = false;
  std::string spaces_;    // white space that is printed only if text follows
  bool printed_ = false;  // something of this part
  bool any_ = false;      // something of the answer
  std::size_t thinking_tokens_ = 0;
  MarkdownStream markdown_;
};

}  // namespace cellm
