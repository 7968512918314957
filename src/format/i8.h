// i8: one signed byte per weight, value = code × scale of its group (version 1: the whole row).
//
// Reference quantization: scale = max|w| / 127 in f32 (1 for a group of zeros), code =
// clamp(round(w / scale), ±127), halves away from zero; the stored scale is the f16 of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/code_grid.h"
#include "format/format_spec.h"
#include "format/half.h"
#include "format/tensor.h"

namespace cellm {

struct I8 {
  static constexpr FormatId kId = FormatId::kI8;
  static constexpr std::string_view kName = "int8";
  static constexpr std::string_view kDtype = "i8";
  static constexpr bool kHasScales = true;
  static constexpr double kBitsPerWeight = 8.0;
  static constexpr CodeGrid kGrid{256, -128.0F, 1.0F, 0};
  static constexpr unsigned kPackedBits = 8;
  static constexpr LeastError kLeastError = LeastError::kNowhere;
  static constexpr bool kSearched = true;
  static constexpr float kLargest = 127.0F * kLargestF16;
  static std::size_t row_bytes(std::size_t cols) { return cols; }
  static void quantize_row(const float* weights, std::size_t cols, std::size_t group,
                           std::byte* codes, std::uint16_t* scales);
  static void pack_row(const std::uint8_t* codes, const std::uint16_t* scales, std::size_t cols,
                       std::byte* out);
  static void unpack_row(const std::byte* bytes, std::size_t cols, std::uint8_t* codes);
  static void dequantize_row(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                             std::size_t group, float* out);
};

}  // namespace cellm
