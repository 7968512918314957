// q5_0: ggml's Q5_0, 5 bits for each weight and a scale for 32.
//
//   block of 22 bytes: f16 scale | u32 of fifth bits, weight i at bit i | 16 bytes of the lower 4
//   bits as q4_0 has them
//
// A weight is (code − 16) · scale.
#pragma once

#include <cstddef>
#include <string_view>

#include "format/block_shape.h"

namespace cellm {

struct Q50 {
  static constexpr BlockShape kShape = kQ50Shape;
  static constexpr std::string_view kName = "q5_0";
  static void dequantize_row(const std::byte* codes, std::size_t cols, float* out);
};

}  // namespace cellm
