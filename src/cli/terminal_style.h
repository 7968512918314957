// The looks of text on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace cellm {

inline constexpr std::string_view kBold = "\x1b[1m";
inline constexpr std::string_view kDim = "\x1b[2m";
inline constexpr std::string_view kNoBold = "\x1b[22m";  // also not dim
inline constexpr std::string_view kColor = "\x1b[36m";   // of code: cyan
inline constexpr std::string_view kNoColor = "\x1b[39m";
inline constexpr std::string_view kClearLine = "\r\x1b[K";

// The abilities of standard output.
struct TerminalStyle {
  bool terminal = false;  // it is one
  bool styled = false;    // and takes ANSI sequences, and neither NO_COLOR nor TERM is against them
};
TerminalStyle stdout_style();

// Text of a model without what a terminal would obey: control characters other than newline and
// tab, also those of U+0080 to U+009F, become U+FFFD. The text consists of whole characters.
std::string without_controls(std::string_view text);

// Writes to stdout at once. Throws Error(kResources) if nobody reads it.
void print_now(std::string_view text);

}  // namespace cellm
