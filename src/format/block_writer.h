// The bytes of one block, written by offset: the reverse of block_bytes.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cellm {

class BlockWriter {
 public:
  // Sets all bytes to 0.
  BlockWriter(std::byte* bytes, std::size_t size) : bytes_(bytes) { std::memset(bytes, 0, size); }

  void u8(std::size_t at, unsigned value) { bytes_[at] = static_cast<std::byte>(value); }
  void u16(std::size_t at, unsigned value) {
    u8(at, value & 0xFFU);
    u8(at + 1, value >> 8);
  }
  // Adds bits to a byte in which they are 0.
  void add(std::size_t at, unsigned bits) { bytes_[at] |= static_cast<std::byte>(bits); }
  void low(std::size_t at, unsigned nibble) { add(at, nibble & 0xFU); }
  void high(std::size_t at, unsigned nibble) { add(at, (nibble & 0xFU) << 4); }

  // 32 codes as q4_0 has them: code j in the low half of byte j, code j + 16 in its high half.
  void nibbles(std::size_t at, const std::uint8_t* codes) {
    for (std::size_t j = 0; j < 16; ++j) {
      low(at + j, codes[j]);
      high(at + j, codes[j + 16]);
    }
  }
  // 64 codes at a time as q4_k has them: the first 32 in the low halves of 32 bytes, the others in
  // their high halves.
  void nibbles_of_64(std::size_t at, const std::uint8_t* codes, std::size_t count) {
    for (std::size_t i = 0; i < count; i += 64) {
      for (std::size_t j = 0; j < 32; ++j) {
        low(at + i / 2 + j, codes[i + j]);
        high(at + i / 2 + j, codes[i + 32 + j]);
      }
    }
  }

  // The fifth bits of 32 codes, that of code i at bit i of a u32.
  void fifth_bits(std::size_t at, const std::uint8_t* codes) {
    for (std::size_t i = 0; i < 32; ++i) add(at + i / 8, (unsigned{codes[i]} >> 4) << (i % 8));
  }

 private:
  std::byte* bytes_;
};

}  // namespace cellm
