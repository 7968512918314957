// i4: two weights per byte, value = (nibble − 8) × scale of its group.
//
//   byte   0          1
//   bits   3..0 7..4  3..0 7..4
//   weight 0    1     2    3          an odd last nibble holds 8
//
// A row takes ceil(cols / 2) bytes whatever the groups are. Reference quantization: scale = max|w|
// / 7 in f32 (1 for a group of zeros), code = clamp(round(w / scale), ±7), halves away from zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/code_grid.h"
#include "format/format_spec.h"
#include "format/half.h"
#include "format/tensor.h"

namespace cellm {

struct I4 {
  static constexpr FormatId kId = FormatId::kI4;
  static constexpr std::string_view kName = "int4";
  static constexpr std::string_view kDtype = "i4";
  static constexpr bool kHasScales = true;
  static constexpr double kBitsPerWeight = 4.0;
  static constexpr CodeGrid kGrid{16, -8.0F, 1.0F, 0};
  static constexpr unsigned kPackedBits = 4;
  static constexpr bool kAnyGroup = true;
  // A row with one scale is better off if its outliers stay whole.
  static constexpr LeastError kLeastError = LeastError::kInGroups;
  static constexpr float kLargest = 7.0F * kLargestF16;
  static std::size_t row_bytes(std::size_t cols) { return (cols + 1) / 2; }
  static void quantize_row(const float* weights, std::size_t cols, std::size_t group,
                           std::byte* codes, std::uint16_t* scales);
  static void pack_row(const std::uint8_t* codes, const std::uint16_t* scales, std::size_t cols,
                       std::byte* out);
  static void unpack_row(const std::byte* bytes, std::size_t cols, std::uint8_t* codes);
  static void dequantize_row(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                             std::size_t group, float* out);
};

}  // namespace cellm
