#include "ops/conv.h"

#include <algorithm>

namespace cellm {

void causal_conv(const Compute& compute, const float* weight, std::size_t kernel,
                 std::size_t channels, const float* x, std::size_t tokens, float* window,
                 float* out) {
  const std::size_t past = kernel - 1;
  // Input row `i` counted from the start of the window.
  const auto input = [&](std::size_t i) {
    return i < past ? window + i * channels : x + (i - past) * channels;
  };
  constexpr std::size_t kGrain = 512;
  compute.pool.parallel_for(channels, kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = 0; t < tokens; ++t) {
      float* row = out + t * channels;
      std::fill(row + begin, row + end, 0.0F);
      for (std::size_t j = 0; j < kernel; ++j) {
        const float* in = input(t + j);
        const float* w = weight + j * channels;
        for (std::size_t c = begin; c < end; ++c) row[c] += w[c] * in[c];
      }
      compute.kernels.silu(row + begin, end - begin);
    }
    for (std::size_t i = 0; i < past;
         ++i) {  // row i becomes row i + tokens; ascending order is safe
      const float* in = input(i + tokens);
      std::copy(in + begin, in + end, window + i * channels + begin);
    }
  });
}

}  // namespace cellm
