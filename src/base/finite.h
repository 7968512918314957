// Checks for NaN and infinity.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace cellm {

inline bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

}  // namespace cellm
