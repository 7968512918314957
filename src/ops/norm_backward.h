// Backward pass of norm.h.
#pragma once

#include <cstddef>

#include "ops/compute.h"

namespace cellm {

// For out = rms_norm(x): dx from dy, both (rows, n); adds the gradient of the weight to dweight,
// (n). With f = rsqrt(mean(x²) + eps):
//   dx = f · (w dy) − x · f³ / n · Σ x w dy,  dweight += Σ_rows f x dy.
// dx may be dy. dweight = nullptr skips it.
void rms_norm_backward(const Compute& compute, const float* x, const float* weight, float eps,
                       std::size_t rows, std::size_t n, const float* dy, float* dx, float* dweight);

// For gated_rms_norm(x, gate) with the original x: also dgate, (rows, n). dx may be dy.
void gated_rms_norm_backward(const Compute& compute, const float* x, const float* weight,
                             const float* gate, float eps, std::size_t rows, std::size_t n,
                             const float* dy, float* dx, float* dgate, float* dweight);

}  // namespace cellm
