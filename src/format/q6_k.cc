#include "format/q6_k.h"

#include "format/block_bytes.h"

namespace cellm {

void Q6K::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(208);
    for (std::size_t half = 0; half < 2; ++half) {
      for (std::size_t i = 0; i < 128; ++i) {
        const std::size_t at = half * 64 + i % 64;
        const unsigned low = i < 64 ? block.low(at) : block.high(at);
        const unsigned upper = (block.u8(128 + half * 32 + i % 32) >> (2 * (i / 32))) & 3U;
        const float step = scale * code_value(block.i8(192 + half * 8 + i / 16));
        to[half * 128 + i] = step * code_value(centred(low | (upper << 4), 32));
      }
    }
  });
}

}  // namespace cellm
