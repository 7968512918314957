// q8_0: ggml's Q8_0, a signed byte for each weight and a scale for 32.
//
//   block of 34 bytes: f16 scale | 32 × i8 code
//
// A weight is code · scale.
#include "format/block_bytes.h"
#include "format/block_formats.h"

namespace cellm {

void Q80::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t j = 0; j < 32; ++j) to[j] = code_value(block.i8(2 + j)) * scale;
  });
}

}  // namespace cellm
