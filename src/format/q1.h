// q1_0_g128: one bit per weight in blocks of 128, the same layout as ggml's Q1_0.
//
//   block: f16 scale (2 bytes) | 128 bits (16 bytes), weight i at bit i % 8 of byte i / 8
//
// Bit 1 is +scale, 0 is −scale. A row takes ceil(cols / 128) blocks; bits beyond the row are 0.
// Reference quantization: scale = mean|w| over the weights the block really has; bit = w > 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/code_grid.h"
#include "format/half.h"
#include "format/tensor.h"

namespace cellm {

struct Q1 {
  static constexpr FormatId kId = FormatId::kQ1;
  static constexpr std::string_view kName = "q1";
  static constexpr std::string_view kDtype = "q1_0_g128";
  static constexpr bool kHasScales = false;
  static constexpr double kBitsPerWeight = 1.125;
  static constexpr float kLargest = kLargestF16;
  static constexpr std::size_t kBlock = 128;
  static constexpr std::size_t kBlockBytes = 18;
  static constexpr CodeGrid kGrid{2, -1.0F, 2.0F, kBlock};
  static constexpr unsigned kPackedBits = 1;
  static std::size_t row_bytes(std::size_t cols) {
    return (cols + kBlock - 1) / kBlock * kBlockBytes;
  }
  static void quantize_row(const float* weights, std::size_t cols, std::size_t group,
                           std::byte* codes, std::uint16_t* scales);
  static void pack_row(const std::uint8_t* codes, const std::uint16_t* scales, std::size_t cols,
                       std::byte* out);
  static void unpack_row(const std::byte* bytes, std::size_t cols, std::uint8_t* codes);
  static std::uint16_t block_scale(const std::byte* bytes, std::size_t block);
  static void dequantize_row(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                             std::size_t group, float* out);
};

}  // namespace cellm
