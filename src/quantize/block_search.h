// The numbers of a block that leave the least weighted error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "format/block_coding.h"

namespace cellm {

// A weight of a group is step · level + offset.
struct GroupStep {
  float step = 0.0F;
  float offset = 0.0F;
};
// In the arithmetic of the format's dequantization.
GroupStep group_step(const BlockCoding& coding, const BlockNumbers& numbers, std::size_t group);

// Searches scale, minimum, multipliers and minima of one block. Immutable and thread-safe.
//
// Of each group by itself, steps (and offsets) around the one that maps the outermost weights to
// the outermost levels are tried: every weight takes the nearest level, and for these levels the
// step and the offset of least squares follow. Then the block's scale and minimum are chosen for
// the groups' steps and offsets, the multipliers next to the nearest are tried with the codes that
// follow, and scale and minimum are fitted to these codes, repeatedly.
class BlockSearch {
 public:
  explicit BlockSearch(const BlockCoding& coding);

  const BlockCoding& coding() const { return coding_; }

  // The code whose level is nearest to (weight − offset) / step.
  std::uint8_t nearest(float weight, const GroupStep& step) const;

  // Sets the multiplier and the minimum of one group, whose weights these are, to those nearest to
  // its best step and offset; scale and minimum of the block stay.
  void choose_multiples(const float* weights, const float* importance, std::size_t group,
                        BlockNumbers& numbers) const;

  // Minimises Σ importance · (weight − value)² over the block. importance: one for each weight, not
  // negative; null means all 1. Sets everything but `codes`.
  void choose(const float* weights, const float* importance, BlockNumbers& numbers) const;

 private:
  struct Sums;
  struct Fit;

  Sums sums(const float* weights, const float* importance, float inverse, float offset) const;
  double error_of(const float* weights, const float* importance, const GroupStep& step,
                  Sums& sums) const;
  Fit fit_group(const float* weights, const float* importance) const;
  Fit fit_step(const float* weights, const float* importance) const;
  Fit fit_step_and_offset(const float* weights, const float* importance) const;
  void choose_one(const Fit& fit, BlockNumbers& numbers) const;
  void choose_many(const float* weights, const float* importance, const std::vector<Fit>& fits,
                   BlockNumbers& numbers) const;
  void set_multiples(const GroupStep& step, std::size_t group, BlockNumbers& numbers) const;
  double improve_multipliers(const float* weights, const float* importance, BlockNumbers& numbers,
                             std::vector<Sums>& sums) const;

  // The scale and the minimum of least squares for the codes of the sums.
  void refit(BlockNumbers& numbers, const std::vector<Sums>& sums) const;

  const BlockCoding& coding_;
  std::vector<float> between_;  // the middles between neighbouring levels, where they are uneven
};

}  // namespace cellm
