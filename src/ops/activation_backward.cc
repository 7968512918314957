#include "ops/activation_backward.h"

namespace cellm {
namespace {
constexpr std::size_t kGrain = 1024;
}

void silu_multiply_backward(const Compute& compute, const float* gate, const float* up,
                            const float* dout, std::size_t n, float* dgate, float* dup) {
  compute.pool.parallel_for(n, kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const float gradient = dout[i];
      dgate[i] = gradient * up[i] * silu_slope(gate[i]);
      dup[i] = gradient * silu(gate[i]);
    }
  });
}

void sigmoid_multiply_backward(const Compute& compute, const float* gate, const float* x,
                               const float* dout, std::size_t n, float* dgate, float* dx) {
  compute.pool.parallel_for(n, kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const float gradient = dout[i];
      const float open = sigmoid(gate[i]);
      dgate[i] = gradient * x[i] * open * (1.0F - open);
      dx[i] = gradient * open;
    }
  });
}

}  // namespace cellm
