// iq3_xxs: ggml's IQ3_XXS, 3 bits for each weight; 32 weights share a scale of 4 bits, 256 what it
// is a multiple of.
//
//   block of 98 bytes: f16 scale | 64 bytes, the indices of points of 4 weights | 8 × u32 for 32
//   weights: 4 × 7 bits of signs and, from bit 28 on, the scale
//
// A weight is scale · (its 4 bits + 1/2) / 2 · ± the value of its point.
#include "format/block_bytes.h"
#include "format/block_formats.h"
#include "format/grid_values.h"

namespace cellm {

void IQ3XXS::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t i = 0; i < kShape.columns / 4; ++i) {
      const std::uint32_t group = block.u32(66 + i / 8 * 4);
      const unsigned signs = even_signs(group >> (7 * (i / 2 % 4)) & 127U) >> (4 * (i % 2));
      const float step = scale * (0.5F + code_value(group >> 28)) * 0.5F;
      signed_point(kIQ3XXSGrid.points[block.u8(2 + i)], signs, step, to + 4 * i);
    }
  });
}

}  // namespace cellm
