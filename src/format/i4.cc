#include "format/i4.h"

#include <vector>

#include "format/absmax.h"
#include "format/half.h"

namespace cellm {

void I4::quantize_row(const float* weights, std::size_t cols, std::size_t group, std::byte* codes,
                      std::uint16_t* scales) {
  std::vector<std::uint8_t> nibbles(cols);
  for (std::size_t begin = 0; begin < cols; begin += group) {
    const float scale = absmax_scale(weights + begin, group, 7.0F);
    *scales++ = f32_to_f16(scale);
    for (std::size_t i = begin; i < begin + group; ++i) {
      nibbles[i] = static_cast<std::uint8_t>(round_to_code(weights[i], scale, 7.0F) + 8);
    }
  }
  pack_row(nibbles.data(), nullptr, cols, codes);
}

void I4::pack_row(const std::uint8_t* codes, const std::uint16_t* /*scales*/, std::size_t cols,
                  std::byte* out) {
  for (std::size_t i = 0; i + 1 < cols; i += 2) {
    out[i / 2] = static_cast<std::byte>(codes[i] | codes[i + 1] << 4);
  }
  if (cols % 2 != 0) out[cols / 2] = static_cast<std::byte>(codes[cols - 1] | 0x80);
}

void I4::unpack_row(const std::byte* bytes, std::size_t cols, std::uint8_t* codes) {
  for (std::size_t i = 0; i + 1 < cols; i += 2) {
    codes[i] = std::to_integer<std::uint8_t>(bytes[i / 2] & std::byte{15});
    codes[i + 1] = std::to_integer<std::uint8_t>(bytes[i / 2] >> 4);
  }
  if (cols % 2 != 0) {
    codes[cols - 1] = std::to_integer<std::uint8_t>(bytes[cols / 2] & std::byte{15});
  }
}

void I4::dequantize_row(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                        std::size_t group, float* out) {
  for (std::size_t begin = 0; begin < cols; begin += group) {
    const float scale = f16_to_f32(*scales++);
    for (std::size_t i = begin; i < begin + group; ++i) {
      const int nibble =
          std::to_integer<int>(i % 2 == 0 ? codes[i / 2] & std::byte{0x0F} : codes[i / 2] >> 4);
      out[i] = static_cast<float>(nibble - 8) * scale;
    }
  }
}

}  // namespace cellm
