// Weights of ggml's IQ types whose values are points of grids (format/grids.h).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "format/grids.h"

namespace cellm {

// Byte i of a point.
template <class Integer>
int point_value(Integer point, std::size_t i) {
  return static_cast<int>((point >> (8 * i)) & 0xFFU);
}

// 8 signs in 7 bits, bit i for weight i: that of the last weight makes their number even.
inline unsigned even_signs(unsigned bits) {
  return bits | (static_cast<unsigned>(std::popcount(bits)) % 2U) << 7;
}

// The magnitudes of a point, with their signs, times `step`: as many weights as it has bytes.
template <class Integer>
void signed_point(Integer point, unsigned signs, float step, float* out) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    const float magnitude = step * static_cast<float>(point_value(point, i) - kGridZero);
    out[i] = (signs >> i & 1U) != 0 ? -magnitude : magnitude;
  }
}

// The values of a point of kIQ1Grid, shifted by 1/8 up or down, times `step`.
inline void shifted_point(std::uint64_t point, bool down, float step, float* out) {
  const float shift = down ? -0.125F : 0.125F;
  for (std::size_t i = 0; i < sizeof(point); ++i) {
    const int units = (point_value(point, i) - (kShiftedZero + 1)) / 8;
    out[i] = step * (static_cast<float>(units) + shift);
  }
}

}  // namespace cellm
