// q4_k: ggml's Q4_K, 4 bits for each weight; 32 weights share a scale and a minimum of 6 bits each,
// 256 what these are multiples of.
//
//   block of 144 bytes: f16 scale | f16 minimum | 12 bytes of scales and minima (format/k_scales.h)
//   | 4 × 32 bytes of codes
//
// Byte j of the p-th 32 holds the code of weight 64 p + j (low 4 bits) and that of weight 64 p + 32
// + j. A weight is code · (scale · its 6 bits) − minimum · its 6 bits.
#pragma once

#include <cstddef>
#include <string_view>

#include "format/block_shape.h"

namespace cellm {

struct Q4K {
  static constexpr BlockShape kShape = kQ4KShape;
  static constexpr std::string_view kName = "q4_k";
  static void dequantize_row(const std::byte* codes, std::size_t cols, float* out);
};

}  // namespace cellm
