// RMS normalization (arXiv:1910.07467).
#pragma once

#include <cstddef>

#include "ops/compute.h"

namespace cellm {

// For each of `rows` rows of n: out = x · rsqrt(mean(x²) + eps) · weight. In place if out == x.
void rms_norm(const Compute& compute, const float* x, const float* weight, float eps,
              std::size_t rows, std::size_t n, float* out);

// The gated form of Qwen3.5's delta net: RMS norm, then · silu(gate). In place on x.
void gated_rms_norm(const Compute& compute, float* x, const float* weight, const float* gate,
                    float eps, std::size_t rows, std::size_t n);

}  // namespace cellm
