// q4_k: ggml's Q4_K, 4 bits for each weight; 32 weights share a scale and a minimum of 6 bits each,
// 256 what these are multiples of.
//
//   block of 144 bytes: f16 scale | f16 minimum | 12 bytes of scales and minima (format/k_scales.h)
//   | 4 × 32 bytes of codes
//
// Byte j of the p-th 32 holds the code of weight 64 p + j (low 4 bits) and that of weight 64 p + 32
// + j. A weight is code · (scale · its 6 bits) − minimum · its 6 bits.
#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"
#include "format/k_scales.h"

namespace cellm {

void Q4K::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    const float minimum = block.f16(2);
    for (std::size_t s = 0; s < kShape.columns / 32; ++s) {
      const ScaleMinimum bits = scale_minimum(block, s);
      const float step = scale * code_value(bits.scale);
      const float offset = minimum * code_value(bits.minimum);
      for (std::size_t j = 0; j < 32; ++j) {
        const std::size_t at = 16 + s / 2 * 32 + j;
        const unsigned code = s % 2 == 0 ? block.low(at) : block.high(at);
        to[s * 32 + j] = step * code_value(code) - offset;
      }
    }
  });
}

namespace {

constexpr auto kLevels = consecutive_levels<0, 16>();

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, Q4K::kShape.bytes);
  block.u16(0, numbers.scale);
  block.u16(2, numbers.minimum);
  put_scales_minima(block, numbers);
  block.nibbles_of_64(16, numbers.codes, Q4K::kShape.columns);
}

}  // namespace

const BlockCoding kQ4KCoding{.columns = Q4K::kShape.columns,
                             .group = 32,
                             .levels = kLevels,
                             .least_multiplier = 0,
                             .greatest_multiplier = 63,
                             .greatest_minimum = 63,
                             .pack = pack};

}  // namespace cellm
