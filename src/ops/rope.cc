#include "ops/rope.h"

#include <cmath>

namespace cellm {

RopeAngles rope_angles(std::span<const float> inverse_frequencies, std::size_t first,
                       std::size_t tokens, float magnitude) {
  RopeAngles angles;
  angles.cos.reserve(tokens * inverse_frequencies.size());
  angles.sin.reserve(tokens * inverse_frequencies.size());
  for (std::size_t t = 0; t < tokens; ++t) {
    const auto position = static_cast<float>(first + t);
    for (const float frequency : inverse_frequencies) {
      angles.cos.push_back(magnitude * std::cos(position * frequency));
      angles.sin.push_back(magnitude * std::sin(position * frequency));
    }
  }
  return angles;
}

RopeAngles reversed(RopeAngles angles) {
  for (float& sin : angles.sin) sin = -sin;
  return angles;
}

void apply_rope(const RopeAngles& angles, std::size_t half, float* x, std::size_t tokens,
                std::size_t heads, std::size_t head_dim) {
  for (std::size_t t = 0; t < tokens; ++t) {
    const float* cos = angles.cos.data() + t * half;
    const float* sin = angles.sin.data() + t * half;
    for (std::size_t h = 0; h < heads; ++h, x += head_dim) {
      for (std::size_t i = 0; i < half; ++i) {
        const float a = x[i];
        const float b = x[i + half];
        x[i] = a * cos[i] - b * sin[i];
        x[i + half] = b * cos[i] + a * sin[i];
      }
    }
  }
}

}  // namespace cellm
