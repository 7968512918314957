// q4_1: ggml's Q4_1, 4 bits for each weight, a scale and a minimum for 32.
//
//   block of 20 bytes: f16 scale | f16 minimum | 16 bytes of codes as q4_0 has them
//
// A weight is code · scale + minimum.
#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"

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

namespace {

constexpr auto kLevels = consecutive_levels<0, 16>();

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, Q41::kShape.bytes);
  block.u16(0, numbers.scale);
  block.u16(2, numbers.minimum);
  block.nibbles(4, numbers.codes);
}

}  // namespace

const BlockCoding kQ41Coding{.columns = Q41::kShape.columns,
                             .group = 32,
                             .levels = kLevels,
                             .greatest_minimum = 1,
                             .minimum_sign = 1.0F,
                             .pack = pack};

}  // namespace cellm
