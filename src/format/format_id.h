// The names of the weight formats. Apart from tensor.h so that kernels can include it without the
// library's inline code (docs/architecture.md, "CPU targets").
#pragma once

#include <cstddef>
#include <cstdint>

namespace cellm {

// What the bytes of each mean is in its own header (format/i4.h and so on). The numbers are those
// of this program alone; files hold names (FormatSpec::dtype).
enum class FormatId : std::uint8_t {
  kF32 = 0,
  kF16 = 1,
  kBF16 = 2,
  kI8 = 3,
  kI4 = 4,
  kI2 = 5,
  kQ1 = 6,  // q1_0_g128
  kF8E4M3 = 7,
  kT4 = 8,
  kT3 = 9,
  kT2 = 10,
  kT1H = 11,
  kT1 = 12,
  kQ40 = 13,  // ggml's Q4_0, and so on
  kQ41 = 14,
  kQ50 = 15,
  kQ51 = 16,
  kQ80 = 17,
  kQ4K = 18,
  kQ5K = 19,
  kQ6K = 20,
  kIQ4NL = 21,
  kIQ4XS = 22,
};
inline constexpr std::size_t kFormatCount = 23;

}  // namespace cellm
