// nvfp4: ggml's NVFP4: 4-bit floats; 16 weights share a scale that is an 8-bit float.
//
//   block of 36 bytes: 4 scales | 4 × 8 bytes of codes: weights j (low) and j + 8 of 16 in byte j
//
// A weight is scale / 2 · kFourBitFloats[code]; these values are doubled. A scale has 4 bits of
// exponent, with a bias of 7, and 3 of mantissa; its highest bit does not count. 0x7F is 0.
#include "format/block_bytes.h"
#include "format/block_formats.h"

namespace cellm {
namespace {

float half_scale(unsigned bits) {
  if (bits == 0x7F) return 0.0F;
  // The mantissa and exponent of an f16, whose bias is 15.
  return f16_to_f32(static_cast<std::uint16_t>((bits & 0x7FU) << 7)) * 128.0F;
}

}  // namespace

void NVFP4::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    for (std::size_t s = 0; s < kShape.columns / 16; ++s) {
      const float scale = half_scale(block.u8(s));
      for (std::size_t j = 0; j < 8; ++j) {
        const std::size_t at = 4 + 8 * s + j;
        to[16 * s + j] = static_cast<float>(kFourBitFloats[block.low(at)]) * scale;
        to[16 * s + j + 8] = static_cast<float>(kFourBitFloats[block.high(at)]) * scale;
      }
    }
  });
}

}  // namespace cellm
