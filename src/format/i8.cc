#include "format/i8.h"

#include "format/absmax.h"
#include "format/half.h"

namespace cellm {

void I8::quantize_row(const float* weights, std::size_t cols, std::size_t group, std::byte* codes,
                      std::uint16_t* scales) {
  for (std::size_t begin = 0; begin < cols; begin += group) {
    const float scale = absmax_scale(weights + begin, group, 127.0F);
    *scales++ = f32_to_f16(scale);
    for (std::size_t i = begin; i < begin + group; ++i) {
      codes[i] = static_cast<std::byte>(round_to_code(weights[i], scale, 127.0F));
    }
  }
}

void I8::pack_row(const std::uint8_t* codes, const std::uint16_t* /*scales*/, std::size_t cols,
                  std::byte* out) {
  for (std::size_t i = 0; i < cols; ++i) out[i] = static_cast<std::byte>(codes[i] - 128);
}

void I8::unpack_row(const std::byte* bytes, std::size_t cols, std::uint8_t* codes) {
  for (std::size_t i = 0; i < cols; ++i) codes[i] = std::to_integer<std::uint8_t>(bytes[i]) ^ 0x80U;
}

void I8::dequantize_row(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                        std::size_t group, float* out) {
  for (std::size_t begin = 0; begin < cols; begin += group) {
    const float scale = f16_to_f32(*scales++);
    for (std::size_t i = begin; i < begin + group; ++i) {
      out[i] = static_cast<float>(static_cast<std::int8_t>(codes[i])) * scale;
    }
  }
}

}  // namespace cellm
