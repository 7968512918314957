// For tests: random values.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace cellm {

inline std::vector<float> gaussian(std::size_t count, unsigned seed, float scale = 1.0F) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, scale);
  std::vector<float> values(count);
  for (auto& value : values) value = normal(random);
  return values;
}

}  // namespace cellm
