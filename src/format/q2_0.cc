// q2_0 and q2_0_g128: ggml's Q2_0, 2 bits for each weight; 64 weights share a scale, in files from
// before that type was ggml's 128.
//
//   block of 18 or 34 bytes: f16 scale | 16 or 32 bytes of codes, that of weight i from bit
//   2 (i mod 4) of byte i / 4 on
//
// A weight is scale · (code − 1).
#include "format/block_bytes.h"
#include "format/block_formats.h"

namespace cellm {
namespace {

void dequantize(const BlockShape& shape, const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, shape.columns, shape.bytes, out, [&](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t i = 0; i < shape.columns; ++i) {
      const unsigned code = (block.u8(2 + i / 4) >> (2 * (i % 4))) & 3U;
      to[i] = code_value(centred(code, 1)) * scale;
    }
  });
}

}  // namespace

void Q20::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  dequantize(kShape, codes, cols, out);
}
void Q20G128::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  dequantize(kShape, codes, cols, out);
}

}  // namespace cellm
