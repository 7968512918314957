// A weight matrix as it lies in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "format/format_id.h"

namespace cellm {

// The format that holds every value exactly.
inline constexpr FormatId kExactFormat = FormatId::kF32;

// A row-major matrix (rows, cols) in some format. Cheap to copy: it points into memory that `owner`
// keeps alive (a mapped file, or a buffer). Immutable, so it may be read from any thread.
struct Tensor {
  FormatId format = FormatId::kF32;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t group = 0;            // consecutive weights of a row that share a scale; 0: none
  const std::byte* data = nullptr;  // rows × row_bytes(format, cols)
  const std::uint16_t* scales =
      nullptr;  // f16 bits, (rows, cols / group); null if the format has none
  std::shared_ptr<const void> owner = nullptr;
};

}  // namespace cellm
