#include "ops/conv_backward.h"

#include <algorithm>
#include <vector>

#include "ops/activation_backward.h"

namespace cellm {

void causal_conv_backward(const Compute& compute, const float* weight, std::size_t kernel,
                          std::size_t channels, const float* x, std::size_t tokens,
                          const float* dout, float* dx) {
  constexpr std::size_t kGrain = 64;
  compute.pool.parallel_for(channels, kGrain, [&](std::size_t begin, std::size_t end) {
    const std::size_t width = end - begin;
    std::vector<float> sum(width);  // the argument of silu, then its gradient
    for (std::size_t t = 0; t < tokens; ++t) std::fill_n(dx + t * channels + begin, width, 0.0F);
    for (std::size_t t = 0; t < tokens; ++t) {
      std::fill(sum.begin(), sum.end(), 0.0F);
      // Tap j reads token t − kernel + 1 + j; tokens before the first are zero.
      const std::size_t first = t + 1 < kernel ? kernel - 1 - t : 0;
      for (std::size_t j = first; j < kernel; ++j) {
        const float* in = x + (t + j + 1 - kernel) * channels + begin;
        const float* w = weight + j * channels + begin;
        for (std::size_t c = 0; c < width; ++c) sum[c] += w[c] * in[c];
      }
      const float* gradient = dout + t * channels + begin;
      for (std::size_t c = 0; c < width; ++c) sum[c] = gradient[c] * silu_slope(sum[c]);
      for (std::size_t j = first; j < kernel; ++j) {
        float* out = dx + (t + j + 1 - kernel) * channels + begin;
        const float* w = weight + j * channels + begin;
        for (std::size_t c = 0; c < width; ++c) out[c] += w[c] * sum[c];
      }
    }
  });
}

}  // namespace cellm
