#include "format/q5_k.h"

#include "format/block_bytes.h"
#include "format/k_scales.h"

namespace cellm {

void Q5K::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    const float minimum = block.f16(2);
    for (std::size_t s = 0; s < kShape.columns / 32; ++s) {
      const ScaleMinimum bits = scale_minimum(block, s);
      const float step = scale * code_value(bits.scale);
      const float offset = minimum * code_value(bits.minimum);
      for (std::size_t j = 0; j < 32; ++j) {
        const std::size_t at = 48 + s / 2 * 32 + j;
        const unsigned low = s % 2 == 0 ? block.low(at) : block.high(at);
        const unsigned fifth = (block.u8(16 + j) >> s) & 1U;
        to[s * 32 + j] = step * code_value(low | (fifth << 4)) - offset;
      }
    }
  });
}

}  // namespace cellm
