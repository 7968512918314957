#include "format/i2.h"

#include <cstring>

#include "format/absmax.h"
#include "format/half.h"

namespace cellm {
namespace {

unsigned code_of(float ratio) {
  if (ratio < -1.0F) return 0;
  if (ratio < 0.0F) return 1;
  return ratio < 1.0F ? 2 : 3;
}

}  // namespace

void I2::quantize_row(const float* weights, std::size_t cols, std::size_t group, std::byte* codes,
                      std::uint16_t* scales) {
  constexpr int kMissing = 0x55;  // code 1 four times
  std::memset(codes, kMissing, row_bytes(cols));
  for (std::size_t begin = 0; begin < cols; begin += group) {
    const float scale = absmax_scale(weights + begin, group, 1.5F);
    *scales++ = f32_to_f16(scale);
    for (std::size_t i = begin; i < begin + group; ++i) {
      const unsigned shift = 2 * (i % 4);
      const auto old = std::to_integer<unsigned>(codes[i / 4]);
      codes[i / 4] =
          static_cast<std::byte>((old & ~(3U << shift)) | code_of(weights[i] / scale) << shift);
    }
  }
}

void I2::dequantize_row(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                        std::size_t group, float* out) {
  for (std::size_t begin = 0; begin < cols; begin += group) {
    const float scale = f16_to_f32(*scales++);
    for (std::size_t i = begin; i < begin + group; ++i) {
      const unsigned code = std::to_integer<unsigned>(codes[i / 4]) >> (2 * (i % 4)) & 3U;
      out[i] = (static_cast<float>(code) - 1.5F) * scale;
    }
  }
}

}  // namespace cellm
