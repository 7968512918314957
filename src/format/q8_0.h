// q8_0: ggml's Q8_0, a signed byte for each weight and a scale for 32.
//
//   block of 34 bytes: f16 scale | 32 × i8 code
//
// A weight is code · scale.
#pragma once

#include <cstddef>
#include <string_view>

#include "format/block_shape.h"

namespace cellm {

struct Q80 {
  static constexpr BlockShape kShape = kQ80Shape;
  static constexpr std::string_view kName = "q8_0";
  static void dequantize_row(const std::byte* codes, std::size_t cols, float* out);
};

}  // namespace cellm
