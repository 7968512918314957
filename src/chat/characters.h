// Texts by character, as Python indexes them, and the properties of characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "chat/text.h"
#include "chat/value.h"

namespace cellm::chat {

std::size_t count_characters(std::string_view text);
// The byte offset of each character, then the text's size.
std::vector<std::size_t> boundaries(std::string_view text);
// Each character as a value.
std::vector<Value> characters(const Text& text, Budget& budget);

// str.isspace(), which also decides what strip() and split() take away.
bool is_python_space(char32_t code);
// str.isprintable(), of one character.
bool is_printable(char32_t code);

// The text without white space at its ends; with `chars`, without these characters.
Text strip(const Text& text, bool left, bool right, const std::string* chars = nullptr);

enum class Casing { kLower, kUpper, kTitle, kCapitalize, kSwap };
// Full case mapping: a character may become several.
Text change_case(const Text& text, Casing casing);

// str.casefold().
Text fold_case(const Text& text);

// All of the text's characters have the property, and there is at least one.
bool all_characters(std::string_view text, bool (*property)(char32_t));
bool is_letter(char32_t code);
bool is_decimal(char32_t code);
bool is_alphanumeric(char32_t code);
bool is_upper(std::string_view text);  // str.isupper()
bool is_lower(std::string_view text);
bool is_title(std::string_view text);
bool is_identifier(std::string_view text);

}  // namespace cellm::chat
