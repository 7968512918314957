// bf16: the upper half of an f32, as most sources store it. In a .cellm file only for tensors that
// are kept as they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/tensor.h"

namespace cellm {

struct BF16 {
  static constexpr FormatId kId = FormatId::kBF16;
  static constexpr std::string_view kName = "bf16";
  static constexpr std::string_view kDtype = "bf16";
  static constexpr bool kHasScales = false;
  static constexpr bool kAnyRank = true;
  static constexpr double kBitsPerWeight = 16.0;
  static constexpr float kLargest = 0x1.FEp127F;
  static std::size_t row_bytes(std::size_t cols) { return cols * sizeof(std::uint16_t); }
  static void quantize_row(const float* weights, std::size_t cols, std::size_t group,
                           std::byte* codes, std::uint16_t* scales);
  static void dequantize_row(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                             std::size_t group, float* out);
};

}  // namespace cellm
