// iq2_s: ggml's IQ2_S, 2.5 bits for each weight; 16 weights share a scale of 4 bits, 256 what it is
// a multiple of.
//
//   block of 82 bytes: f16 scale | 32 bytes of the lower 8 bits of the indices of points of 8
//   weights | 32 bytes of their signs | 8 bytes of the upper 2 bits, those of point i in byte i / 4
//   from bit 2 (i mod 4) on | 8 bytes of scales, scale 2 b (low) and 2 b + 1 in byte b
//
// A weight is scale · (its 4 bits + 1/2) / 4 · ± the value of its point.
#include "format/block_bytes.h"
#include "format/block_formats.h"
#include "format/grid_values.h"

namespace cellm {

void IQ2S::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t i = 0; i < kShape.columns / 8; ++i) {
      const unsigned upper = (block.u8(66 + i / 4) >> (2 * (i % 4))) & 3U;
      const std::size_t at = 74 + i / 4;
      const unsigned bits = i / 2 % 2 == 0 ? block.low(at) : block.high(at);
      const float step = scale * (0.5F + code_value(bits)) * 0.25F;
      signed_point(kIQ2SGrid.points[block.u8(2 + i) | (upper << 8)], block.u8(34 + i), step,
                   to + 8 * i);
    }
  });
}

}  // namespace cellm
