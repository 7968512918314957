// Markdown as text of a terminal, while it is written.
#pragma once

#include <string>
#include <string_view>

namespace cellm {

// Styles bold, inline code, code blocks and headings with ANSI sequences; the marks of bold and
// inline code are left out. Other Markdown passes through. Bold and inline code end with their
// line. Text is held back only where a mark may begin: at most the start of a line. Not
// thread-safe.
class MarkdownStream {
 public:
  // The output for a further part of the text.
  std::string push(std::string_view text);
  // The rest, with all styles off.
  std::string finish();

 private:
  void begin_line(char c);
  void add(char c);
  void end_stars(char next);
  void end_line();
  void toggle_bold(bool on);
  void toggle_code(bool on);

  std::string out_;
  std::string held_;  // the start of a line, or stars
  bool line_start_ = true;
  bool fence_ = false;  // in the line of a fence
  bool block_ = false;  // in a code block
  bool heading_ = false;
  bool bold_ = false;
  bool code_ = false;
  char last_ = '\n';
};

}  // namespace cellm
