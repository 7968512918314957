#include "format/i2.h"

#include <vector>

#include "format/absmax.h"
#include "format/half.h"

namespace cellm {
namespace {

std::uint8_t code_of(float ratio) {
  if (ratio < -1.0F) return 0;
  if (ratio < 0.0F) return 1;
  return ratio < 1.0F ? 2 : 3;
}

}  // namespace

void I2::quantize_row(const float* weights, std::size_t cols, std::size_t group, std::byte* codes,
                      std::uint16_t* scales) {
  std::vector<std::uint8_t> chosen(cols);
  for (std::size_t begin = 0; begin < cols; begin += group) {
    const float scale = absmax_scale(weights + begin, group, 1.5F);
    *scales++ = f32_to_f16(scale);
    for (std::size_t i = begin; i < begin + group; ++i) {
      chosen[i] = code_of(weights[i] / scale);
    }
  }
  pack_row(chosen.data(), nullptr, cols, codes);
}

void I2::pack_row(const std::uint8_t* codes, const std::uint16_t* /*scales*/, std::size_t cols,
                  std::byte* out) {
  constexpr unsigned kMissing = 1;
  for (std::size_t byte = 0; byte < row_bytes(cols); ++byte) {
    unsigned value = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t i = 4 * byte + k;
      value |= (i < cols ? codes[i] : kMissing) << (2 * k);
    }
    out[byte] = static_cast<std::byte>(value);
  }
}

void I2::unpack_row(const std::byte* bytes, std::size_t cols, std::uint8_t* codes) {
  for (std::size_t i = 0; i < cols; ++i) {
    codes[i] =
        static_cast<std::uint8_t>(std::to_integer<unsigned>(bytes[i / 4]) >> (2 * (i % 4)) & 3U);
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
