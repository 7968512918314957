// The values of the codes of a format with scales.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace cellm {

// Code u, 0 ≤ u < codes, stands for the level first + u · step; the value of a weight is its level
// times the scale of its group. Quantization methods use a format's grid and pack_row(), and know
// no bits.
struct CodeGrid {
  unsigned codes;
  float first;
  float step;
  // Weights that share a scale kept among the codes; 0 if the scales are a companion tensor, whose
  // group then comes from the file's plan.
  std::size_t block;

  constexpr float level(unsigned code) const { return first + step * static_cast<float>(code); }

  // The code whose level is nearest to a finite ratio of weight and scale; halves go to the even
  // one.
  std::uint8_t nearest(float ratio) const {
    constexpr float kWhole =
        0x1.8p23F;  // added to a small number, it leaves no room for a fraction
    const float place =
        std::clamp((ratio - first) * (1.0F / step), 0.0F, static_cast<float>(codes - 1));
    return static_cast<std::uint8_t>((place + kWhole) - kWhole);
  }

  // The levels by magnitude: smallest() + k · step, of which those up to `steps()` exist with both
  // signs. A grid with a level of zero (int8, int4) has one more negative level.
  constexpr bool has_zero() const { return level(codes / 2) == 0.0F; }
  constexpr float smallest() const { return has_zero() ? 0.0F : step / 2.0F; }
  constexpr unsigned steps() const { return codes / 2 - 1; }
};

// Scales of a row of cols weights: its last block may be shorter.
constexpr std::size_t scales_in_row(std::size_t cols, std::size_t group) {
  return (cols + group - 1) / group;
}

}  // namespace cellm
