// q5_0: ggml's Q5_0, 5 bits for each weight and a scale for 32.
//
//   block of 22 bytes: f16 scale | u32 of fifth bits, weight i at bit i | 16 bytes of the lower 4
//   bits as q4_0 has them
//
// A weight is (code − 16) · scale.
#include <cstdint>

#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"

namespace cellm {

void Q50::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    const std::uint32_t fifth = block.u32(2);
    for (std::size_t j = 0; j < 16; ++j) {
      const unsigned low = block.low(6 + j) | (((fifth >> j) & 1U) << 4);
      const unsigned high = block.high(6 + j) | (((fifth >> (j + 16)) & 1U) << 4);
      to[j] = code_value(centred(low, 16)) * scale;
      to[j + 16] = code_value(centred(high, 16)) * scale;
    }
  });
}

namespace {

constexpr auto kLevels = consecutive_levels<-16, 32>();

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, Q50::kShape.bytes);
  block.u16(0, numbers.scale);
  block.fifth_bits(2, numbers.codes);
  block.nibbles(6, numbers.codes);
}

}  // namespace

const BlockCoding kQ50Coding{
    .columns = Q50::kShape.columns, .group = 32, .levels = kLevels, .pack = pack};

}  // namespace cellm
