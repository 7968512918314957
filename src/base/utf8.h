// UTF-8 as defined by Unicode 15, table 3-7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cellm {

// The character at the start of a non-empty text: `length` bytes of valid UTF-8, or `length`
// invalid bytes to be replaced by one U+FFFD (the maximal subpart, at least 1 byte).
struct Utf8Step {
  std::size_t length;
  bool valid;
  bool incomplete;  // invalid, but more bytes after the end of the text could complete it
};
Utf8Step utf8_step(std::string_view text);

// The offset of the first byte that is not part of valid UTF-8, or npos.
std::size_t find_invalid_utf8(std::string_view text);

// The code point at the start of valid, non-empty UTF-8; `length` receives its bytes.
char32_t decode_utf8(std::string_view text, std::size_t& length);
// The code point that ends valid, non-empty UTF-8.
char32_t decode_last_utf8(std::string_view text, std::size_t& length);
void append_utf8(std::string& out, char32_t code);

// Appends `bytes` to `out`, with one U+FFFD for each invalid part. Unless `final`, an incomplete
// character at the end is not consumed. Returns the number of bytes consumed.
std::size_t append_lossy_utf8(std::string& out, std::string_view bytes, bool final);

}  // namespace cellm
