// iq4_xs: ggml's IQ4_XS, 4 bits for each weight, the index of a value; 32 weights share a scale of
// 6 bits, 256 what it is a multiple of.
//
//   block of 136 bytes: f16 scale | u16 of the upper 2 bits of 8 scales, scale s at bit 2 s | 4
//   bytes of their lower 4 bits, scales 2 b (low) and 2 b + 1 in byte b | 8 × 16 bytes of codes as
//   q4_0 has them
//
// A weight is scale · (its 6 bits − 32) · kNonLinearValues[code].
#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"

namespace cellm {

void IQ4XS::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    const unsigned upper = block.u16(2);
    for (std::size_t s = 0; s < kShape.columns / 32; ++s) {
      const unsigned low = s % 2 == 0 ? block.low(4 + s / 2) : block.high(4 + s / 2);
      const unsigned bits = low | (((upper >> (2 * s)) & 3U) << 4);
      const float step = scale * code_value(centred(bits, 32));
      for (std::size_t j = 0; j < 16; ++j) {
        const std::size_t at = 8 + s * 16 + j;
        to[s * 32 + j] = step * static_cast<float>(kNonLinearValues[block.low(at)]);
        to[s * 32 + j + 16] = step * static_cast<float>(kNonLinearValues[block.high(at)]);
      }
    }
  });
}

namespace {

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, IQ4XS::kShape.bytes);
  block.u16(0, numbers.scale);
  unsigned upper = 0;
  for (std::size_t s = 0; s < IQ4XS::kShape.columns / 32; ++s) {
    const auto bits = static_cast<unsigned>(numbers.multipliers[s] + 32);
    upper |= (bits >> 4) << (2 * s);
    if (s % 2 == 0) {
      block.low(4 + s / 2, bits);
    } else {
      block.high(4 + s / 2, bits);
    }
    block.nibbles(8 + s * 16, numbers.codes + s * 32);
  }
  block.u16(2, upper);
}

}  // namespace

const BlockCoding kIQ4XSCoding{.columns = IQ4XS::kShape.columns,
                               .group = 32,
                               .levels = kNonLinearValues,
                               .even = false,
                               .least_multiplier = -32,
                               .greatest_multiplier = 31,
                               .pack = pack};

}  // namespace cellm
