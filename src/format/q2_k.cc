// q2_k: ggml's Q2_K, 2 bits for each weight; 16 weights share a scale and a minimum of 4 bits each,
// 256 what these are multiples of.
//
//   block of 84 bytes: 16 bytes, scale (low) and minimum (high) s in byte s | 64 bytes of codes as
//   the lower bits of q3_k | f16 scale | f16 minimum
//
// A weight is scale · its 4 bits · code − minimum · its 4 bits.
#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"

namespace cellm {
namespace {

constexpr std::size_t kCodes = 16;
constexpr std::size_t kScale = 80;
constexpr std::size_t kMinimum = 82;

}  // namespace

void Q2K::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(kScale);
    const float minimum = block.f16(kMinimum);
    for (std::size_t i = 0; i < kShape.columns; ++i) {
      const float step = scale * code_value(block.low(i / 16));
      const float least = minimum * code_value(block.high(i / 16));
      const unsigned code = (block.u8(kCodes + i / 128 * 32 + i % 32) >> (2 * (i / 32 % 4))) & 3U;
      to[i] = step * code_value(code) - least;
    }
  });
}

namespace {

constexpr auto kLevels = consecutive_levels<0, 4>();

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, Q2K::kShape.bytes);
  block.u16(kScale, numbers.scale);
  block.u16(kMinimum, numbers.minimum);
  for (std::size_t s = 0; s < Q2K::kShape.columns / 16; ++s) {
    block.low(s, static_cast<unsigned>(numbers.multipliers[s]));
    block.high(s, numbers.minima[s]);
  }
  for (std::size_t i = 0; i < Q2K::kShape.columns; ++i) {
    block.add(kCodes + i / 128 * 32 + i % 32, unsigned{numbers.codes[i]} << (2 * (i / 32 % 4)));
  }
}

}  // namespace

const BlockCoding kQ2KCoding{.columns = Q2K::kShape.columns,
                             .group = 16,
                             .levels = kLevels,
                             .least_multiplier = 0,
                             .greatest_multiplier = 15,
                             .greatest_minimum = 15,
                             .pack = pack};

}  // namespace cellm
