// Numbers in all scripts, as Python's str knows them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cellm::chat {

// The value of a decimal digit (category Nd); nothing for other characters.
std::optional<int> decimal_digit(char32_t code);
// str.isdigit() and str.isnumeric(), of one character.
bool is_digit(char32_t code);
bool is_numeral(char32_t code);

// Python's int(text, base), base 0 or 2 to 36; nothing if the text is none. Throws Fault beyond 64
// bits.
std::optional<std::int64_t> parse_integer(std::string_view text, int base);
// Python's float(text).
std::optional<double> parse_float(std::string_view text);

}  // namespace cellm::chat
