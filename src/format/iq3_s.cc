// iq3_s: ggml's IQ3_S, 3.25 bits for each weight; 32 weights share a scale of 4 bits, 256 what it
// is a multiple of.
//
//   block of 110 bytes: f16 scale | 64 bytes of the lower 8 bits of the indices of points of 4
//   weights | 8 bytes of the ninth bits, that of point i at bit i mod 8 of byte i / 8 | 32 bytes of
//   signs, weight i at bit i mod 8 of byte i / 8 | 4 bytes of scales, scale 2 b (low) and 2 b + 1
//   in byte b
//
// A weight is scale · (1 + 2 · its 4 bits) · ± the value of its point.
#include "format/block_bytes.h"
#include "format/block_formats.h"
#include "format/grid_values.h"

namespace cellm {

void IQ3S::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t i = 0; i < kShape.columns / 4; ++i) {
      const unsigned ninth = (block.u8(66 + i / 8) >> (i % 8)) & 1U;
      const unsigned signs = i % 2 == 0 ? block.low(74 + i / 2) : block.high(74 + i / 2);
      const std::size_t at = 106 + i / 16;
      const unsigned bits = i / 8 % 2 == 0 ? block.low(at) : block.high(at);
      const float step = scale * code_value(1 + 2 * bits);
      signed_point(kIQ3SGrid.points[block.u8(2 + i) | (ninth << 8)], signs, step, to + 4 * i);
    }
  });
}

}  // namespace cellm
