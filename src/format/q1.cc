#include "format/q1.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "format/half.h"

namespace cellm {

void Q1::quantize_row(const float* weights, std::size_t cols, std::size_t /*group*/,
                      std::byte* codes, std::uint16_t* /*scales*/) {
  std::memset(codes, 0, row_bytes(cols));
  for (std::size_t begin = 0; begin < cols; begin += kBlock, codes += kBlockBytes) {
    const std::size_t count = std::min(kBlock, cols - begin);
    float sum = 0.0F;
    for (std::size_t i = 0; i < count; ++i) {
      const float weight = weights[begin + i];
      sum += std::fabs(weight);
      if (weight > 0.0F) codes[2 + i / 8] |= static_cast<std::byte>(1U << (i % 8));
    }
    const std::uint16_t scale = f32_to_f16(sum / static_cast<float>(count));
    std::memcpy(codes, &scale, sizeof(scale));
  }
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
