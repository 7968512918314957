// q5_k: ggml's Q5_K, 5 bits for each weight; 32 weights share a scale and a minimum of 6 bits each,
// 256 what these are multiples of.
//
//   block of 176 bytes: f16 scale | f16 minimum | 12 bytes of scales and minima (format/k_scales.h)
//   | 32 bytes of fifth bits, weight i in byte i % 32 at bit i / 32 | 4 × 32 bytes of the lower 4
//   bits as q4_k has them
//
// A weight is code · (scale · its 6 bits) − minimum · its 6 bits.
#pragma once

#include <cstddef>
#include <string_view>

#include "format/block_shape.h"

namespace cellm {

struct Q5K {
  static constexpr BlockShape kShape = kQ5KShape;
  static constexpr std::string_view kName = "q5_k";
  static void dequantize_row(const std::byte* codes, std::size_t cols, float* out);
};

}  // namespace cellm
