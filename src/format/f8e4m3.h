// f8e4m3: one byte per weight, no scale: sign, 4 bits of exponent with bias 7, 3 bits of mantissa.
//
// Exponent 0 is subnormal in steps of 2⁻⁹. The codes go up to 0x77 = 240: exponent 15 is not
// written, and read as the same formula continued (256 … 480), since no code stands for infinity or
// NaN. Reference quantization: exponent = floor(log2|w|) clamped to the normal range, mantissa
// rounded half away from zero with carry into the exponent, |w| ≥ 240 saturates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/tensor.h"

namespace cellm {

struct F8E4M3 {
  static constexpr FormatId kId = FormatId::kF8E4M3;
  static constexpr std::string_view kName = "fp8";
  static constexpr std::string_view kDtype = "f8e4m3";
  static constexpr bool kHasScales = false;
  static constexpr double kBitsPerWeight = 8.0;
  static constexpr float kLargest = 240.0F;
  static std::size_t row_bytes(std::size_t cols) { return cols; }
  static void quantize_row(const float* weights, std::size_t cols, std::size_t group,
                           std::byte* codes, std::uint16_t* scales);
  static void dequantize_row(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                             std::size_t group, float* out);
};

}  // namespace cellm
