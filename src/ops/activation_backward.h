// Backward pass of activation.h.
#pragma once

#include <cstddef>

#include "ops/activation.h"
#include "ops/compute.h"

namespace cellm {

// d silu(x) / dx
inline float silu_slope(float x) {
  const float s = sigmoid(x);
  return s * (1.0F + x * (1.0F - s));
}

// For out = silu(gate) · up: dgate and dup from dout. dup may be dout.
void silu_multiply_backward(const Compute& compute, const float* gate, const float* up,
                            const float* dout, std::size_t n, float* dgate, float* dup);

// For out = x · sigmoid(gate): dgate and dx from dout. dx may be dout.
void sigmoid_multiply_backward(const Compute& compute, const float* gate, const float* x,
                               const float* dout, std::size_t n, float* dgate, float* dx);

}  // namespace cellm
