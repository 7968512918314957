// The short causal convolution before a gated delta net.
#pragma once

#include <cstddef>

#include "ops/compute.h"

namespace cellm {

// Depthwise: out[t][c] = silu(Σ_j weight[j][c] · x[t − kernel + 1 + j][c]). Inputs before the first
// token come from `window`, the previous (kernel − 1, channels) inputs, which is updated. x, out:
// (tokens, channels); weight: (kernel, channels), the last row for the newest token.
void causal_conv(const Compute& compute, const float* weight, std::size_t kernel,
                 std::size_t channels, const float* x, std::size_t tokens, float* window,
                 float* out);

}  // namespace cellm
