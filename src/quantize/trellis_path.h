// The best path through a trellis that bites its own tail.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "format/trellis.h"
#include "kernels/kernel_table.h"

namespace cellm {

// Differences of this many units of a level are told apart by the search.
inline constexpr float kPathScale = 384.0F;

// Finds for 256 numbers the states of a tile's steps whose values are nearest, by the Viterbi
// algorithm over all states (L. of them 2^10 to 2^12). One object for each thread.
//
// A stream that bites its tail begins in the state that it ends with, which is not known before. As
// in QTIP (Tseng et al. 2024, §3.2), a first search over the seam, from some steps before the end
// to some after the beginning, gives that state, and a second one over the tile is held to it.
class TrellisPath {
 public:
  // values: (step_weights, states), of a state's weights, kPathScale to a level, 0 for the value 0.
  TrellisPath(const TrellisShape& shape, std::vector<std::int16_t> values,
              const KernelTable& kernels);

  std::size_t steps() const { return steps_; }
  std::size_t states() const { return std::size_t{1} << state_bits_; }

  // x: 256 in the order of the stream, in the scale of the values. Fills the state after each step.
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
