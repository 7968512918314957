// A weight matrix as it lies in memory, and the names of the formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace cellm {

// Never renumbered. What each format's bytes mean is in its own header (format/i4.h and so on).
enum class FormatId : std::uint8_t {
  kF32 = 0,
  kF16 = 1,
  kBF16 = 2,
  kI8 = 3,
  kI4 = 4,
  kI2 = 5,
  kQ1 = 6,      // q1_0_g128
  kF8E4M3 = 7,
};
inline constexpr std::size_t kFormatCount = 8;

// A row-major matrix (rows, cols) in some format. Cheap to copy: it points into memory that `owner`
// keeps alive (a mapped file, or a buffer). Immutable, so it may be read from any thread.
struct Tensor {
  FormatId format = FormatId::kF32;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t group = 0;                   // consecutive weights of a row that share a scale; 0: none
  const std::byte* data = nullptr;         // rows × row_bytes(format, cols)
  const std::uint16_t* scales = nullptr;   // f16 bits, (rows, cols / group); null if the format has none
  std::shared_ptr<const void> owner;
};

}  // namespace cellm
