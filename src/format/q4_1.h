// q4_1: ggml's Q4_1, 4 bits for each weight, a scale and a minimum for 32.
//
//   block of 20 bytes: f16 scale | f16 minimum | 16 bytes of codes as q4_0 has them
//
// A weight is code · scale + minimum.
#pragma once

#include <cstddef>
#include <string_view>

#include "format/block_shape.h"

namespace cellm {

struct Q41 {
  static constexpr BlockShape kShape = kQ41Shape;
  static constexpr std::string_view kName = "q4_1";
  static void dequantize_row(const std::byte* codes, std::size_t cols, float* out);
};

}  // namespace cellm
