// The contents of a string literal of a template.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cellm::chat {

// \r\n and \r as \n.
std::string normalize_newlines(std::string_view text);

// The text of a literal without its quotes, with Python's escapes (\n, \x41, \u20ac, \101, …)
// resolved; unknown escapes stay as they are. Nothing for an incomplete escape, for a surrogate,
// which UTF-8 cannot express, and for \N{name}.
std::optional<std::string> unescape(std::string_view literal);

}  // namespace cellm::chat
