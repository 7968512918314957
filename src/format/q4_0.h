// q4_0: ggml's Q4_0, 4 bits for each weight and a scale for 32.
//
//   block of 18 bytes: f16 scale | 16 bytes of codes
//
// Byte j of the codes holds the code of weight j (low 4 bits) and that of weight j + 16. A weight
// is (code − 8) · scale.
#pragma once

#include <cstddef>
#include <string_view>

#include "format/block_shape.h"

namespace cellm {

struct Q40 {
  static constexpr BlockShape kShape = kQ40Shape;
  static constexpr std::string_view kName = "q4_0";
  static void dequantize_row(const std::byte* codes, std::size_t cols, float* out);
};

}  // namespace cellm
