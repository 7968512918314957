// Character properties as in the reference implementation.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cellm {

bool is_white_space(char32_t code);  // the property White_Space
bool is_numeric(char32_t code);      // the categories Nd, Nl and No
bool is_word(char32_t code);         // \w: letters, marks, decimal digits, connectors, joiners

// The Unicode data of the installed libraries (14 and 15) is older than that of the reference (16).
// In regex matching, a character added since is replaced by an old character of the same category
// and the same number of UTF-8 bytes. Returns `code` if it is not new.
char32_t stand_in(char32_t code);

// Valid UTF-8 with every new character replaced by its stand-in; nothing if it contains none.
std::optional<std::string> with_stand_ins(std::string_view text);

}  // namespace cellm
