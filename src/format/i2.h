// i2: four weights per byte, value = (code − 1.5) × scale of its group: the levels −1.5, −0.5,
// 0.5, 1.5.
//
//   byte   0
//   bits   1..0 3..2 5..4 7..6
//   weight 0    1    2    3           weights missing in the last byte hold 1
//
// Reference quantization: scale = max|w| / 1.5 in f32 (1 for a group of zeros), code 0 if w / scale
// < −1, 1 if < 0, 2 if < 1, else 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/code_grid.h"
#include "format/half.h"
#include "format/tensor.h"

namespace cellm {

struct I2 {
  static constexpr FormatId kId = FormatId::kI2;
  static constexpr std::string_view kName = "int2";
  static constexpr std::string_view kDtype = "i2";
  static constexpr bool kHasScales = true;
  static constexpr double kBitsPerWeight = 2.0;
  static constexpr CodeGrid kGrid{4, -1.5F, 1.0F, 0};
  static constexpr unsigned kPackedBits = 2;
  static constexpr float kLargest = 1.5F * kLargestF16;
  static std::size_t row_bytes(std::size_t cols) { return (cols + 3) / 4; }
  static void quantize_row(const float* weights, std::size_t cols, std::size_t group,
                           std::byte* codes, std::uint16_t* scales);
  static void pack_row(const std::uint8_t* codes, const std::uint16_t* scales, std::size_t cols,
                       std::byte* out);
  static void unpack_row(const std::byte* bytes, std::size_t cols, std::uint8_t* codes);
  static void dequantize_row(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                             std::size_t group, float* out);
};

}  // namespace cellm
