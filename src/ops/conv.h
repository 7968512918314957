// The short causal convolution in front of a delta net.
#pragma once

#include <cstddef>

#include "ops/compute.h"

namespace cellm {

// Depthwise: out[t][c] = silu(Σ_j weight[j][c] · x[t − kernel + 1 + j][c]), where x before the
// first token comes from `window`, the (kernel − 1, channels) inputs before it, which is then moved
// on. x, out: (tokens, channels); weight: (kernel, channels), the last row for the newest token.
void causal_conv(const Compute& compute, const float* weight, std::size_t kernel,
                 std::size_t channels, const float* x, std::size_t tokens, float* window,
                 float* out);

}  // namespace cellm
