// mxfp4: ggml's MXFP4, the MXFP4 of OCP's microscaling formats: 4-bit floats; 32 weights share a
// power of two.
//
//   block of 17 bytes: exponent | 16 bytes of codes as q4_0 has them
//
// A weight is 2^(exponent − 128) · kFourBitFloats[code]; these values are doubled.
#include <bit>

#include "format/block_bytes.h"
#include "format/block_formats.h"

namespace cellm {
namespace {

// As bits, so that the two smallest, which are subnormal, are exact too.
float half_power(unsigned exponent) {
  return std::bit_cast<float>(exponent < 2 ? 0x00200000U << exponent : (exponent - 1) << 23);
}

}  // namespace

void MXFP4::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = half_power(block.u8(0));
    for (std::size_t j = 0; j < 16; ++j) {
      to[j] = static_cast<float>(kFourBitFloats[block.low(1 + j)]) * scale;
      to[j + 16] = static_cast<float>(kFourBitFloats[block.high(1 + j)]) * scale;
    }
  });
}

}  // namespace cellm
