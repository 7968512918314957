// UTF-8 as Unicode 15, table 3-7 defines it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cellm {

// What the start of a non-empty text is: a character of `length` bytes, or `length` bytes that one
// U+FFFD stands for (the longest part that could begin a character, at least 1 byte).
struct Utf8Step {
  std::size_t length;
  bool valid;
  bool incomplete;  // not valid, but more bytes at the end of the text could make it a character
};
Utf8Step utf8_step(std::string_view text);

// The offset of the first byte that is not part of valid UTF-8, or npos.
std::size_t find_invalid_utf8(std::string_view text);

// The code point at the start of valid, non-empty UTF-8; `length` receives its bytes.
char32_t decode_utf8(std::string_view text, std::size_t& length);
// The code point that ends valid, non-empty UTF-8.
char32_t decode_last_utf8(std::string_view text, std::size_t& length);
void append_utf8(std::string& out, char32_t code);

// Appends `bytes` to `out`, each invalid part as one U+FFFD. Unless `final`, an incomplete
// character at the end is left over; returns the number of bytes used.
std::size_t append_lossy_utf8(std::string& out, std::string_view bytes, bool final);

}  // namespace cellm
