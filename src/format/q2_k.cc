// q2_k: ggml's Q2_K, 2 bits for each weight; 16 weights share a scale and a minimum of 4 bits each,
// 256 what these are multiples of.
//
//   block of 84 bytes: 16 bytes, scale (low) and minimum (high) s in byte s | 64 bytes of codes as
//   the lower bits of q3_k | f16 scale | f16 minimum
//
// A weight is scale · its 4 bits · code − minimum · its 4 bits.
#include "format/block_bytes.h"
#include "format/block_formats.h"

namespace cellm {

void Q2K::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(80);
    const float minimum = block.f16(82);
    for (std::size_t i = 0; i < kShape.columns; ++i) {
      const float step = scale * code_value(block.low(i / 16));
      const float least = minimum * code_value(block.high(i / 16));
      const unsigned code = (block.u8(16 + i / 128 * 32 + i % 32) >> (2 * (i / 32 % 4))) & 3U;
      to[i] = step * code_value(code) - least;
    }
  });
}

}  // namespace cellm
