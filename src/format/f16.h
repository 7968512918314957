// f16: IEEE half precision, rounded to nearest even.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/half.h"
#include "format/tensor.h"

namespace cellm {

struct F16 {
  static constexpr FormatId kId = FormatId::kF16;
  static constexpr std::string_view kName = "f16";
  static constexpr std::string_view kDtype = "f16";
  static constexpr bool kHasScales = false;
  static constexpr bool kAnyRank = true;
  static constexpr double kBitsPerWeight = 16.0;
  static constexpr float kLargest = kLargestF16;
  static std::size_t row_bytes(std::size_t cols) { return cols * sizeof(std::uint16_t); }
  static void quantize_row(const float* weights, std::size_t cols, std::size_t group,
                           std::byte* codes, std::uint16_t* scales);
  static void dequantize_row(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                             std::size_t group, float* out);
};

}  // namespace cellm
