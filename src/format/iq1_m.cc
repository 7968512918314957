// iq1_m: ggml's IQ1_M, 1.5 bits for each weight; 16 weights share a scale of 3 bits, 8 a shift, 256
// what the scale is a multiple of.
//
//   block of 56 bytes: 32 bytes of the lower 8 bits of the indices of points of 8 weights | 16
//   bytes of 4 bits for each point: the upper 3 bits, then whether the shift is down | 4 × u16 of
//   scales, scale s at bit 3 (s mod 4) of the (s div 4)-th; their upper 4 bits are the f16 scale,
//   lowest first
//
// A weight is scale · (1 + 2 · its 3 bits) · (the value of its point ± 1/8).
#include "format/block_bytes.h"
#include "format/block_formats.h"
#include "format/grid_values.h"

namespace cellm {
namespace {

constexpr std::size_t kScales = 48;

float scale_of(BlockBytes block) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < 4; ++i) bits |= block.u16(kScales + 2 * i) >> 12 << (4 * i);
  return f16_to_f32(static_cast<std::uint16_t>(bits));
}

}  // namespace

void IQ1M::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = scale_of(block);
    for (std::size_t i = 0; i < kShape.columns / 8; ++i) {
      const unsigned bits = i % 2 == 0 ? block.low(32 + i / 2) : block.high(32 + i / 2);
      const unsigned three = (block.u16(kScales + i / 8 * 2) >> (3 * (i / 2 % 4))) & 7U;
      const float step = scale * code_value(2 * three + 1);
      shifted_point(kIQ1Grid.points[block.u8(i) | ((bits & 7U) << 8)], (bits & 8U) != 0, step,
                    to + 8 * i);
    }
  });
}

}  // namespace cellm
