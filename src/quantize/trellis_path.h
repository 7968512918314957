// The best path through a tail-biting trellis.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "format/trellis.h"
#include "kernels/kernel_table.h"

namespace cellm {

// Units of the search's 16-bit numbers per level.
inline constexpr float kPathScale = 384.0F;

// Finds the sequence of states of a tile's steps whose values are nearest to 256 numbers, by the
// Viterbi algorithm over all 2^10 to 2^12 states. Not thread-safe: one object per thread.
//
// A tail-biting stream begins in the state that it ends with, which is not known in advance. As in
// QTIP (Tseng et al. 2024, §3.2), a first search over the seam, from some steps before the end to
// some after the beginning, finds that state, and a second one over the tile is constrained to it.
class TrellisPath {
 public:
  // values: (step_weights, states), of a state's weights, in units of 1 / kPathScale level from the
  // level of value 0.
  TrellisPath(const TrellisShape& shape, std::vector<std::int16_t> values,
              const KernelTable& kernels);

  std::size_t steps() const { return steps_; }
  std::size_t states() const { return std::size_t{1} << state_bits_; }

  // x: 256 numbers in the order of the stream, in the units of `values`. states: (steps()), output,
  // the state after each step.
  void find(std::span<const std::int16_t> x, std::span<std::uint16_t> states);

 private:
  void search(std::span<const std::int16_t> x);
  // Walks back from the state after the last step; returns the one before the first.
  std::size_t trace(std::size_t state, std::span<std::uint16_t> states) const;

  TrellisShape shape_;
  unsigned state_bits_;
  std::size_t steps_;  // of a tile
  const KernelTable& kernels_;
  std::vector<std::int16_t> values_;
  std::vector<std::uint16_t> cost_;
  std::vector<std::uint8_t> survivors_;
  std::vector<std::int16_t> seam_;
  std::vector<std::uint16_t> seam_states_;
};

}  // namespace cellm
