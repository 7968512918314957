// f32: IEEE single precision, as some sources store it. In a .cellm file only for tensors that are
// kept as they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "format/tensor.h"

namespace cellm {

struct F32 {
  static constexpr FormatId kId = FormatId::kF32;
  static constexpr std::string_view kName = "f32";
  static constexpr std::string_view kDtype = "f32";
  static constexpr bool kHasScales = false;
  static constexpr bool kAnyRank = true;
  static constexpr double kBitsPerWeight = 32.0;
  static constexpr float kLargest = std::numeric_limits<float>::max();
  static std::size_t row_bytes(std::size_t cols) { return cols * sizeof(float); }
  static void quantize_row(const float* weights, std::size_t cols, std::size_t group,
                           std::byte* codes, std::uint16_t* scales);
  static void dequantize_row(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                             std::size_t group, float* out);
};

}  // namespace cellm
