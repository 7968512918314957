// iq4_nl: ggml's IQ4_NL, 4 bits for each weight, the index of a value, and a scale for 32.
//
//   block of 18 bytes: f16 scale | 16 bytes of codes as q4_0 has them
//
// A weight is scale · kNonLinearValues[code].
#pragma once

#include <cstddef>
#include <string_view>

#include "format/block_shape.h"

namespace cellm {

struct IQ4NL {
  static constexpr BlockShape kShape = kIQ4NLShape;
  static constexpr std::string_view kName = "iq4_nl";
  static void dequantize_row(const std::byte* codes, std::size_t cols, float* out);
};

}  // namespace cellm
