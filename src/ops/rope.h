// Rotary position embedding (arXiv:2104.09864) in the half-split layout of Hugging Face's
// rotate_half.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace cellm {

// cos and sin, times `magnitude`, for the tokens [first, first + tokens), each
// (tokens, inverse_frequencies.size()).
struct RopeAngles {
  std::vector<float> cos;
  std::vector<float> sin;
};
RopeAngles rope_angles(std::span<const float> inverse_frequencies, std::size_t first,
                       std::size_t tokens, float magnitude = 1.0F);

// The negated angles: undoes a rotation of magnitude 1, and is the backward pass
// of any.
RopeAngles reversed(RopeAngles angles);

// Rotates the pairs (i, i + half) of each row, i < half; elements from 2 · half on are unchanged.
// x: (tokens, heads, head_dim)
void apply_rope(const RopeAngles& angles, std::size_t half, float* x, std::size_t tokens,
                std::size_t heads, std::size_t head_dim);

}  // namespace cellm
