// The bytes of one block of a quantized row, read by offset.
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/half.h"

namespace cellm {

class BlockBytes {
 public:
  explicit BlockBytes(const std::byte* bytes) : bytes_(bytes) {}

  unsigned u8(std::size_t at) const { return std::to_integer<unsigned>(bytes_[at]); }
  int i8(std::size_t at) const { return static_cast<std::int8_t>(u8(at)); }
  unsigned u16(std::size_t at) const { return u8(at) | (u8(at + 1) << 8); }
  std::uint32_t u32(std::size_t at) const { return u16(at) | (u16(at + 2) << 16); }
  float f16(std::size_t at) const { return f16_to_f32(static_cast<std::uint16_t>(u16(at))); }
  unsigned low(std::size_t at) const { return u8(at) & 0xFU; }
  unsigned high(std::size_t at) const { return u8(at) >> 4; }

 private:
  const std::byte* bytes_;
};

// A code as a float; codes have few bits, so the conversion is exact.
inline float code_value(unsigned code) {
  return static_cast<float>(static_cast<int>(code));
}
inline float code_value(int code) {
  return static_cast<float>(code);
}
// A code minus the code of value 0.
inline int centred(unsigned code, int zero) {
  return static_cast<int>(code) - zero;
}

// Calls block(bytes, out) for each block of a row.
template <class Block>
void each_block(const std::byte* codes, std::size_t cols, std::size_t block_columns,
                std::size_t block_bytes, float* out, Block&& block) {
  for (std::size_t i = 0; i < cols; i += block_columns, codes += block_bytes) {
    block(BlockBytes(codes), out + i);
  }
}

}  // namespace cellm
