// tq2_0: ggml's TQ2_0, ternary weights in 2 bits each; 256 weights share a scale.
//
//   block of 66 bytes: 64 bytes of codes as the lower bits of q3_k | f16 scale
//
// A weight is scale · (code − 1).
#include "format/block_bytes.h"
#include "format/block_formats.h"

namespace cellm {

void TQ20::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(64);
    for (std::size_t i = 0; i < kShape.columns; ++i) {
      const unsigned code = (block.u8(i / 128 * 32 + i % 32) >> (2 * (i / 32 % 4))) & 3U;
      to[i] = code_value(centred(code, 1)) * scale;
    }
  });
}

}  // namespace cellm
