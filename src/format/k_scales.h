// The 12 bytes of q4_k and q5_k that hold 8 scales and 8 minima of 6 bits.
//
//   bytes 0…3    scale s < 4 in the low 6 bits; above them the upper 2 bits of scale s + 4
//   bytes 4…7    minimum s < 4 in the low 6 bits; above them the upper 2 bits of minimum s + 4
//   bytes 8…11   the lower 4 bits of scale s + 4 (low) and of minimum s + 4
#pragma once

#include "format/block_bytes.h"

namespace cellm {

inline constexpr std::size_t kScalesAt = 4;  // in the block of either format

struct ScaleMinimum {
  unsigned scale;
  unsigned minimum;
};

inline ScaleMinimum scale_minimum(BlockBytes block, std::size_t s) {
  if (s < 4) return {block.u8(kScalesAt + s) & 63U, block.u8(kScalesAt + s + 4) & 63U};
  return {block.low(kScalesAt + s + 4) | ((block.u8(kScalesAt + s - 4) >> 6) << 4),
          block.high(kScalesAt + s + 4) | ((block.u8(kScalesAt + s) >> 6) << 4)};
}

}  // namespace cellm
