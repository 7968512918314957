// q6_k: ggml's Q6_K, 6 bits for each weight; 16 weights share a scale of 8 bits, 256 what it is a
// multiple of.
//
//   block of 210 bytes: 2 × 64 bytes of the lower 4 bits | 2 × 32 bytes of the upper 2 bits |
//   16 × i8 scale | f16 scale
//
// In each half of 128 weights, weight i has its lower bits in byte i % 64 of the half's 64 (the low
// 4 bits if i < 64), its upper bits in byte i % 32 of the half's 32 at bit 2 · (i / 32). A weight
// is scale · its 8 bits · (code − 32).
#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"

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

namespace {

constexpr auto kLevels = consecutive_levels<-32, 64>();

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, Q6K::kShape.bytes);
  block.u16(208, numbers.scale);
  for (std::size_t g = 0; g < 16; ++g) {
    block.u8(192 + g, static_cast<std::uint8_t>(numbers.multipliers[g]));
  }
  for (std::size_t i = 0; i < Q6K::kShape.columns; ++i) {
    const unsigned code = numbers.codes[i];
    const std::size_t half = i / 128;
    const std::size_t j = i % 128;
    const std::size_t at = half * 64 + j % 64;
    if (j < 64) {
      block.low(at, code);
    } else {
      block.high(at, code);
    }
    block.add(128 + half * 32 + j % 32, (code >> 4) << (2 * (j / 32)));
  }
}

}  // namespace

const BlockCoding kQ6KCoding{.columns = Q6K::kShape.columns,
                             .group = 16,
                             .levels = kLevels,
                             .least_multiplier = -128,
                             .greatest_multiplier = 127,
                             .pack = pack};

}  // namespace cellm
