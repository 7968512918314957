// The names of the weight formats. Apart from tensor.h so that kernels can include it without the
// library's inline code (docs/architecture.md, "CPU targets").
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/block_list.h"

namespace cellm {

// The layout of each is in its own header (format/i4.h and so on). The numbers are indices of
// tables in memory, without gaps; files hold names (FormatSpec::dtype).
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
#define CELLM_BLOCK_ID(type, id, ...) k##type = id,
  CELLM_BLOCK_FORMATS(CELLM_BLOCK_ID)
#undef CELLM_BLOCK_ID
};
inline constexpr std::size_t kFormatCount = 13 CELLM_BLOCK_FORMATS(CELLM_BLOCK_ONE);

}  // namespace cellm
