// The short causal convolution before a gated delta net.
#pragma once

#include <cstddef>
#include <span>

#include "ops/compute.h"

namespace cellm {

// The tokens of one sequence.
struct ConvRun {
  const float* x;
  std::size_t tokens;
  float* window;
  float* out;
  bool tentative = false;  // `window` is left as it is, for shift_window()
};

// Depthwise: out[t][c] = silu(Σ_j weight[j][c] · x[t − kernel + 1 + j][c]). Inputs before the first
// token come from `window`, the previous (kernel − 1, channels) inputs, which is updated. x, out:
// (tokens, channels); weight: (kernel, channels), the last row for the newest token. Each of
// several sequences gets what it would get alone.
void causal_conv(const Compute& compute, const float* weight, std::size_t kernel,
                 std::size_t channels, std::span<const ConvRun> runs);

// Updates a window by the inputs x of `tokens` tokens, (tokens, channels).
void shift_window(std::size_t kernel, std::size_t channels, const float* x, std::size_t tokens,
                  float* window);

}  // namespace cellm
