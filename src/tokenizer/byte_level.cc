#include "tokenizer/byte_level.h"

#include <cstdint>

#include "base/utf8.h"

namespace cellm {
namespace {

constexpr std::size_t kAlphabetEnd = 0x144;  // one past the last character, that of byte 173

bool is_itself(unsigned byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

struct Alphabet {
  std::array<std::string, 256> character;
  std::array<std::int16_t, kAlphabetEnd> byte;  // -1: not in the alphabet

  Alphabet() {
    byte.fill(-1);
    char32_t next = 0x100;
    for (unsigned b = 0; b < 256; ++b) {
      const char32_t code = is_itself(b) ? b : next++;
      append_utf8(character[b], code);
      byte[code] = static_cast<std::int16_t>(b);
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet table;
  return table;
}

}  // namespace

const std::array<std::string, 256>& byte_level_alphabet() {
  return alphabet().character;
}

std::string to_byte_level(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += alphabet().character[static_cast<unsigned char>(c)];
  return out;
}

void append_piece_bytes(std::string& out, std::string_view piece) {
  const std::size_t start = out.size();
  std::size_t at = 0;
  while (at < piece.size()) {
    std::size_t length = 0;
    const char32_t code = decode_utf8(piece.substr(at), length);
    const int byte = code < kAlphabetEnd ? alphabet().byte[code] : -1;
    if (byte < 0) {
      out.resize(start);
      out += piece;
      return;
    }
    out.push_back(static_cast<char>(byte));
    at += length;
  }
}

}  // namespace cellm
