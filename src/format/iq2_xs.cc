// iq2_xs: ggml's IQ2_XS, 2.25 bits for each weight; 16 weights share a scale of 4 bits, 256 what it
// is a multiple of.
//
//   block of 74 bytes: f16 scale | 32 × u16 for 8 weights: 9 bits of the index of their point, from
//   bit 9 on 7 bits of signs | 8 bytes of scales, scale 2 b (low) and 2 b + 1 in byte b
//
// A weight is scale · (its 4 bits + 1/2) / 4 · ± the value of its point.
#include "format/block_bytes.h"
#include "format/block_formats.h"
#include "format/grid_values.h"

namespace cellm {

void IQ2XS::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t i = 0; i < kShape.columns / 8; ++i) {
      const unsigned code = block.u16(2 + 2 * i);
      const std::size_t at = 66 + i / 4;
      const unsigned bits = i / 2 % 2 == 0 ? block.low(at) : block.high(at);
      const float step = scale * (0.5F + code_value(bits)) * 0.25F;
      signed_point(kIQ2XSGrid.points[code & 511U], even_signs(code >> 9), step, to + 8 * i);
    }
  });
}

}  // namespace cellm
