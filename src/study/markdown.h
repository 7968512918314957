// Markdown for texts from outside.
#pragma once

#include <string>
#include <string_view>

namespace cellm {

// Text on one line of Markdown, without any markup of its own.
std::string markdown_text(std::string_view text);

// The text as it is in a block of code, ending with a line break.
std::string markdown_block(std::string_view text);

}  // namespace cellm
