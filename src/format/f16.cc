#include "format/f16.h"

#include <cstring>

#include "format/half.h"

namespace cellm {

void F16::quantize_row(const float* weights, std::size_t cols, std::size_t /*group*/,
                       std::byte* codes, std::uint16_t* /*scales*/) {
  for (std::size_t i = 0; i < cols; ++i) {
    const std::uint16_t bits = f32_to_f16(weights[i]);
    std::memcpy(codes + i * sizeof(bits), &bits, sizeof(bits));
  }
}

void F16::dequantize_row(const std::byte* codes, const std::uint16_t* /*scales*/, std::size_t cols,
                         std::size_t /*group*/, float* out) {
  for (std::size_t i = 0; i < cols; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, codes + i * sizeof(bits), sizeof(bits));
    out[i] = f16_to_f32(bits);
  }
}

}  // namespace cellm
