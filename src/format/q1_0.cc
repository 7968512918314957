// q1_0: ggml's Q1_0, a bit for each weight; 128 weights share a scale. The bytes are those of the
// format q1, whose kernels pack them first.
//
//   block of 18 bytes: f16 scale | 16 bytes, weight i at bit i mod 8 of byte i / 8
//
// A weight is the scale if its bit is set, else the negative of it.
#include "format/block_bytes.h"
#include "format/block_formats.h"

namespace cellm {

void Q10::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t i = 0; i < kShape.columns; ++i) {
      to[i] = (block.u8(2 + i / 8) >> (i % 8) & 1U) != 0 ? scale : -scale;
    }
  });
}

}  // namespace cellm
