// The names of the weight formats. Apart from tensor.h so that kernels can include it without the
// library's inline code (docs/architecture.md, "CPU targets").
#pragma once

#include <cstddef>
#include <cstdint>

namespace cellm {

// Never renumbered. What each format's bytes mean is in its own header (format/i4.h and so on).
enum class FormatId : std::uint8_t {
  kF32 = 0,
  kF16 = 1,
  kBF16 = 2,
  kI8 = 3,
  kI4 = 4,
  kI2 = 5,
  kQ1 = 6,  // q1_0_g128
  kF8E4M3 = 7,
};
inline constexpr std::size_t kFormatCount = 8;

}  // namespace cellm
