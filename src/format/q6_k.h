// q6_k: ggml's Q6_K, 6 bits for each weight; 16 weights share a scale of 8 bits, 256 what it is a
// multiple of.
//
//   block of 210 bytes: 2 × 64 bytes of the lower 4 bits | 2 × 32 bytes of the upper 2 bits |
//   16 × i8 scale | f16 scale
//
// In each half of 128 weights, weight i has its lower bits in byte i % 64 of the half's 64 (the low
// 4 bits if i < 64), its upper bits in byte i % 32 of the half's 32 at bit 2 · (i / 32). A weight
// is scale · its 8 bits · (code − 32).
#pragma once

#include <cstddef>
#include <string_view>

#include "format/block_shape.h"

namespace cellm {

struct Q6K {
  static constexpr BlockShape kShape = kQ6KShape;
  static constexpr std::string_view kName = "q6_k";
  static void dequantize_row(const std::byte* codes, std::size_t cols, float* out);
};

}  // namespace cellm
