// q5_k: ggml's Q5_K, 5 bits for each weight; 32 weights share a scale and a minimum of 6 bits each,
// 256 what these are multiples of.
//
//   block of 176 bytes: f16 scale | f16 minimum | 12 bytes of scales and minima (format/k_scales.h)
//   | 32 bytes of fifth bits, weight i in byte i % 32 at bit i / 32 | 4 × 32 bytes of the lower 4
//   bits as q4_k has them
//
// A weight is code · (scale · its 6 bits) − minimum · its 6 bits.
#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"
#include "format/k_scales.h"

namespace cellm {

void Q5K::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    const float minimum = block.f16(2);
    for (std::size_t s = 0; s < kShape.columns / 32; ++s) {
      const ScaleMinimum bits = scale_minimum(block, s);
      const float step = scale * code_value(bits.scale);
      const float offset = minimum * code_value(bits.minimum);
      for (std::size_t j = 0; j < 32; ++j) {
        const std::size_t at = 48 + s / 2 * 32 + j;
        const unsigned low = s % 2 == 0 ? block.low(at) : block.high(at);
        const unsigned fifth = (block.u8(16 + j) >> s) & 1U;
        to[s * 32 + j] = step * code_value(low | (fifth << 4)) - offset;
      }
    }
  });
}

namespace {

constexpr auto kLevels = consecutive_levels<0, 32>();

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, Q5K::kShape.bytes);
  block.u16(0, numbers.scale);
  block.u16(2, numbers.minimum);
  put_scales_minima(block, numbers);
  block.nibbles_of_64(48, numbers.codes, Q5K::kShape.columns);
  for (std::size_t i = 0; i < Q5K::kShape.columns; ++i) {
    block.add(16 + i % 32, static_cast<unsigned>(numbers.codes[i] >> 4) << (i / 32));
  }
}

}  // namespace

const BlockCoding kQ5KCoding{.columns = Q5K::kShape.columns,
                             .group = 32,
                             .levels = kLevels,
                             .least_multiplier = 0,
                             .greatest_multiplier = 63,
                             .greatest_minimum = 63,
                             .pack = pack};

}  // namespace cellm
