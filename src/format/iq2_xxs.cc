// iq2_xxs: ggml's IQ2_XXS, 2 bits for each weight; 32 weights share a scale of 4 bits, 256 what it
// is a multiple of.
//
//   block of 66 bytes: f16 scale | 8 × 8 bytes for 32 weights: 4 indices of points of 8 weights |
//   u32 of 4 × 7 bits of signs and, from bit 28 on, the scale
//
// A weight is scale · (its 4 bits + 1/2) / 4 · ± the value of its point.
#include "format/block_bytes.h"
#include "format/block_formats.h"
#include "format/grid_values.h"

namespace cellm {

void IQ2XXS::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t group = 0; group < kShape.columns / 32; ++group) {
      const std::size_t at = 2 + 8 * group;
      const std::uint32_t signs = block.u32(at + 4);
      const float step = scale * (0.5F + code_value(signs >> 28)) * 0.25F;
      for (std::size_t i = 0; i < 4; ++i) {
        signed_point(kIQ2XXSGrid.points[block.u8(at + i)], even_signs(signs >> (7 * i) & 127U),
                     step, to + 32 * group + 8 * i);
      }
    }
  });
}

}  // namespace cellm
