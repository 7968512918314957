// q3_k: ggml's Q3_K, 3 bits for each weight; 16 weights share a scale of 6 bits, 256 what it is a
// multiple of.
//
//   block of 110 bytes: 32 bytes of third bits | 64 bytes of codes | 12 bytes of scales | f16 scale
//
// Bits 2 (g mod 4) and 2 (g mod 4) + 1 of byte j of the (g div 4)-th 32 of the codes are the lower
// bits of weight 32 g + j, bit g of byte j of the third bits is the third one. Scale s has its
// lower 4 bits in byte s mod 8 of the scales (the low half of the byte if s < 8) and its upper 2 in
// byte 8
// + s mod 4, from bit 2 (s div 4) on. A weight is scale · (its 6 bits − 32) · (code − 4).
#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"

namespace cellm {
namespace {

constexpr std::size_t kCodes = 32;
constexpr std::size_t kScales = 96;
constexpr std::size_t kScale = 108;

int scale_bits(BlockBytes block, std::size_t s) {
  const unsigned low = s < 8 ? block.low(kScales + s) : block.high(kScales + s - 8);
  const unsigned high = (block.u8(kScales + 8 + s % 4) >> (2 * (s / 4))) & 3U;
  return centred(low | (high << 4), 32);
}

}  // namespace

void Q3K::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(kScale);
    for (std::size_t i = 0; i < kShape.columns; ++i) {
      const std::size_t group = i / 32;
      const unsigned low = (block.u8(kCodes + group / 4 * 32 + i % 32) >> (2 * (group % 4))) & 3U;
      const unsigned third = (block.u8(i % 32) >> group) & 1U;
      const float step = scale * code_value(scale_bits(block, i / 16));
      to[i] = step * code_value(centred(low | (third << 2), 4));
    }
  });
}

namespace {

constexpr auto kLevels = consecutive_levels<-4, 8>();

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, Q3K::kShape.bytes);
  block.u16(kScale, numbers.scale);
  for (std::size_t s = 0; s < 16; ++s) {
    const auto bits = static_cast<unsigned>(numbers.multipliers[s] + 32);
    if (s < 8) {
      block.low(kScales + s, bits);
    } else {
      block.high(kScales + s - 8, bits);
    }
    block.add(kScales + 8 + s % 4, (bits >> 4) << (2 * (s / 4)));
  }
  for (std::size_t i = 0; i < Q3K::kShape.columns; ++i) {
    const std::size_t group = i / 32;
    const unsigned code = numbers.codes[i];
    block.add(kCodes + group / 4 * 32 + i % 32, (code & 3U) << (2 * (group % 4)));
    block.add(i % 32, (code >> 2) << group);
  }
}

}  // namespace

const BlockCoding kQ3KCoding{.columns = Q3K::kShape.columns,
                             .group = 16,
                             .levels = kLevels,
                             .least_multiplier = -32,
                             .greatest_multiplier = 31,
                             .pack = pack};

}  // namespace cellm
