// q5_1: ggml's Q5_1, 5 bits for each weight, a scale and a minimum for 32.
//
//   block of 24 bytes: f16 scale | f16 minimum | u32 of fifth bits, weight i at bit i | 16 bytes of
//   the lower 4 bits as q4_0 has them
//
// A weight is code · scale + minimum.
#include <cstdint>

#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"

namespace cellm {

void Q51::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    const float minimum = block.f16(2);
    const std::uint32_t fifth = block.u32(4);
    for (std::size_t j = 0; j < 16; ++j) {
      const unsigned low = block.low(8 + j) | (((fifth >> j) & 1U) << 4);
      const unsigned high = block.high(8 + j) | (((fifth >> (j + 16)) & 1U) << 4);
      to[j] = code_value(low) * scale + minimum;
      to[j + 16] = code_value(high) * scale + minimum;
    }
  });
}

namespace {

constexpr auto kLevels = consecutive_levels<0, 32>();

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, Q51::kShape.bytes);
  block.u16(0, numbers.scale);
  block.u16(2, numbers.minimum);
  block.fifth_bits(4, numbers.codes);
  block.nibbles(8, numbers.codes);
}

}  // namespace

const BlockCoding kQ51Coding{.columns = Q51::kShape.columns,
                             .group = 32,
                             .levels = kLevels,
                             .greatest_minimum = 1,
                             .minimum_sign = 1.0F,
                             .pack = pack};

}  // namespace cellm
