// The 12 bytes of q4_k and q5_k that hold 8 scales and 8 minima of 6 bits.
//
//   bytes 0…3    scale s < 4 in the low 6 bits; above them the upper 2 bits of scale s + 4
//   bytes 4…7    minimum s < 4 in the low 6 bits; above them the upper 2 bits of minimum s + 4
//   bytes 8…11   the lower 4 bits of scale s + 4 (low) and of minimum s + 4
#pragma once

#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_writer.h"

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

inline void put_scales_minima(BlockWriter& block, const BlockNumbers& numbers) {
  for (std::size_t s = 0; s < 4; ++s) {
    const unsigned scale = static_cast<std::uint8_t>(numbers.multipliers[s]);
    const unsigned other_scale = static_cast<std::uint8_t>(numbers.multipliers[s + 4]);
    const unsigned minimum = numbers.minima[s];
    const unsigned other_minimum = numbers.minima[s + 4];
    block.u8(kScalesAt + s, scale | ((other_scale >> 4) << 6));
    block.u8(kScalesAt + s + 4, minimum | ((other_minimum >> 4) << 6));
    block.u8(kScalesAt + s + 8, (other_scale & 0xFU) | ((other_minimum & 0xFU) << 4));
  }
}

}  // namespace cellm
