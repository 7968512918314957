// The scale that the symmetric reference quantizers share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace cellm {

// max|w| / levels, or 1 for a group of zeros: the largest weight gets the outermost code.
inline float absmax_scale(const float* weights, std::size_t count, float levels) {
  float largest = 0.0F;
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(weights[i]));
  return largest > 0.0F ? largest / levels : 1.0F;
}

// The integer nearest to w / scale, halves away from zero, within ±limit.
inline int round_to_code(float weight, float scale, float limit) {
  return static_cast<int>(std::clamp(std::round(weight / scale), -limit, limit));
}

}  // namespace cellm
