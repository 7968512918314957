#include "format/q1.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "format/half.h"

namespace cellm {

void Q1::quantize_row(const float* weights, std::size_t cols, std::size_t /*group*/,
                      std::byte* codes, std::uint16_t* /*scales*/) {
  std::vector<std::uint8_t> bits(cols);
  std::vector<std::uint16_t> scales;
  for (std::size_t begin = 0; begin < cols; begin += kBlock) {
    const std::size_t count = std::min(kBlock, cols - begin);
    float sum = 0.0F;
    for (std::size_t i = begin; i < begin + count; ++i) {
      sum += std::fabs(weights[i]);
      bits[i] = weights[i] > 0.0F ? 1 : 0;
    }
    scales.push_back(f32_to_f16(sum / static_cast<float>(count)));
  }
  pack_row(bits.data(), scales.data(), cols, codes);
}

void Q1::pack_row(const std::uint8_t* codes, const std::uint16_t* scales, std::size_t cols,
                  std::byte* out) {
  std::memset(out, 0, row_bytes(cols));
  for (std::size_t begin = 0; begin < cols; begin += kBlock, out += kBlockBytes) {
    std::memcpy(out, scales++, sizeof(*scales));
    const std::size_t count = std::min(kBlock, cols - begin);
    for (std::size_t i = 0; i < count; ++i) {
      out[2 + i / 8] |= static_cast<std::byte>(codes[begin + i] << (i % 8));
    }
  }
}

void Q1::unpack_row(const std::byte* bytes, std::size_t cols, std::uint8_t* codes) {
  for (std::size_t i = 0; i < cols; ++i) {
    const std::byte byte = bytes[i / kBlock * kBlockBytes + 2 + i % kBlock / 8];
    codes[i] = static_cast<std::uint8_t>(std::to_integer<unsigned>(byte) >> (i % 8) & 1U);
  }
}

std::uint16_t Q1::block_scale(const std::byte* bytes, std::size_t block) {
  std::uint16_t scale = 0;
  std::memcpy(&scale, bytes + block * kBlockBytes, sizeof(scale));
  return scale;
}

void Q1::dequantize_row(const std::byte* codes, const std::uint16_t* /*scales*/, std::size_t cols,
                        std::size_t /*group*/, float* out) {
  for (std::size_t begin = 0; begin < cols; begin += kBlock, codes += kBlockBytes) {
    const std::size_t count = std::min(kBlock, cols - begin);
    std::uint16_t bits = 0;
    std::memcpy(&bits, codes, sizeof(bits));
    const float scale = f16_to_f32(bits);
    for (std::size_t i = 0; i < count; ++i) {
      const bool positive = (std::to_integer<unsigned>(codes[2 + i / 8]) >> (i % 8) & 1U) != 0;
      out[begin + i] = positive ? scale : -scale;
    }
  }
}

}  // namespace cellm
