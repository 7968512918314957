// Backward pass of conv.h.
#pragma once

#include <cstddef>

#include "ops/compute.h"

namespace cellm {

// For causal_conv() over a whole sequence with an initial window of zeros: dx from dout, both
// (tokens, channels). x is the input.
void causal_conv_backward(const Compute& compute, const float* weight, std::size_t kernel,
                          std::size_t channels, const float* x, std::size_t tokens,
                          const float* dout, float* dx);

}  // namespace cellm
