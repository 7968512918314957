// iq1_s: ggml's IQ1_S, 1.375 bits for each weight; 32 weights share a scale of 3 bits and a shift,
// 256 what the scale is a multiple of.
//
//   block of 50 bytes: f16 scale | 32 bytes of the lower 8 bits of the indices of points of 8
//   weights | 8 × u16 for 32 weights: 4 × 3 upper bits of the indices, from bit 12 on the scale, at
//   bit 15 whether the shift is down
//
// A weight is scale · (1 + 2 · its 3 bits) · (the value of its point ± 1/8).
#include "format/block_bytes.h"
#include "format/block_formats.h"
#include "format/grid_values.h"

namespace cellm {

void IQ1S::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t i = 0; i < kShape.columns / 8; ++i) {
      const unsigned group = block.u16(34 + i / 4 * 2);
      const unsigned upper = (group >> (3 * (i % 4))) & 7U;
      const float step = scale * code_value(2 * ((group >> 12) & 7U) + 1);
      shifted_point(kIQ1Grid.points[block.u8(2 + i) | (upper << 8)], (group & 0x8000U) != 0, step,
                    to + 8 * i);
    }
  });
}

}  // namespace cellm
