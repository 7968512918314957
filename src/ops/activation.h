// Element-wise functions of the decoder.
#pragma once

#include <cmath>
#include <cstddef>

#include "ops/compute.h"

namespace cellm {

inline float sigmoid(float x) {
  return 1.0F / (1.0F + std::exp(-x));
}
inline float silu(float x) {
  return x / (1.0F + std::exp(-x));
}
// ln(1 + e^x) without overflow; returns x where f32 cannot distinguish them (torch switches at 20).
inline float softplus(float x) {
  return x > 20.0F ? x : std::log1p(std::exp(x));
}

// gate = silu(gate) · up
void silu_multiply(const Compute& compute, float* gate, const float* up, std::size_t n);

// x += y
void add_to(const Compute& compute, float* x, const float* y, std::size_t n);

}  // namespace cellm
