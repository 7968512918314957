// q4_1: ggml's Q4_1, 4 bits for each weight, a scale and a minimum for 32.
//
//   block of 20 bytes: f16 scale | f16 minimum | 16 bytes of codes as q4_0 has them
//
// A weight is code · scale + minimum.
#include "format/block_bytes.h"
#include "format/block_formats.h"

namespace cellm {

void Q41::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    const float minimum = block.f16(2);
    for (std::size_t j = 0; j < 16; ++j) {
      to[j] = code_value(block.low(4 + j)) * scale + minimum;
      to[j + 16] = code_value(block.high(4 + j)) * scale + minimum;
    }
  });
}

}  // namespace cellm
