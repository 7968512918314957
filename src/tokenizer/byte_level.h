// GPT-2's byte alphabet, which represents every byte as a printable character, so that pieces are
// text.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace cellm {

// The character of each byte, as UTF-8 (1 or 2 bytes): 33..126, 161..172 and 174..255 map to
// themselves, the others to U+0100 and following, in order.
const std::array<std::string, 256>& byte_level_alphabet();

// `bytes` in that alphabet.
std::string to_byte_level(std::string_view bytes);

// Appends the bytes of a piece. A piece with a character outside of the alphabet represents its own
// UTF-8.
void append_piece_bytes(std::string& out, std::string_view piece);

}  // namespace cellm
