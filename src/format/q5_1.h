// q5_1: ggml's Q5_1, 5 bits for each weight, a scale and a minimum for 32.
//
//   block of 24 bytes: f16 scale | f16 minimum | u32 of fifth bits, weight i at bit i | 16 bytes of
//   the lower 4 bits as q4_0 has them
//
// A weight is code · scale + minimum.
#pragma once

#include <cstddef>
#include <string_view>

#include "format/block_shape.h"

namespace cellm {

struct Q51 {
  static constexpr BlockShape kShape = kQ51Shape;
  static constexpr std::string_view kName = "q5_1";
  static void dequantize_row(const std::byte* codes, std::size_t cols, float* out);
};

}  // namespace cellm
