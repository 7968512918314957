// Character properties as the reference implementation sees them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cellm {

bool is_white_space(char32_t code);  // the property White_Space
bool is_numeric(char32_t code);      // the categories Nd, Nl and No
bool is_word(char32_t code);         // \w: letters, marks, decimal digits, connectors, joiners

// The Unicode data of the installed libraries is older (14 and 15) than that of the reference (16).
// A character that is new since stands for itself everywhere but in matching: there an old
// character of the same category, and of as many bytes in UTF-8, takes its place. Returns `code` if
// it is not new.
char32_t stand_in(char32_t code);

// Valid UTF-8 with every new character replaced by its stand-in, nothing if there is none in it.
std::optional<std::string> with_stand_ins(std::string_view text);

}  // namespace cellm
