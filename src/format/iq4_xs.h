// iq4_xs: ggml's IQ4_XS, 4 bits for each weight, the index of a value; 32 weights share a scale of
// 6 bits, 256 what it is a multiple of.
//
//   block of 136 bytes: f16 scale | u16 of the upper 2 bits of 8 scales, scale s at bit 2 s | 4
//   bytes of their lower 4 bits, scales 2 b (low) and 2 b + 1 in byte b | 8 × 16 bytes of codes as
//   q4_0 has them
//
// A weight is scale · (its 6 bits − 32) · kNonLinearValues[code].
#pragma once

#include <cstddef>
#include <string_view>

#include "format/block_shape.h"

namespace cellm {

struct IQ4XS {
  static constexpr BlockShape kShape = kIQ4XSShape;
  static constexpr std::string_view kName = "iq4_xs";
  static void dequantize_row(const std::byte* codes, std::size_t cols, float* out);
};

}  // namespace cellm
