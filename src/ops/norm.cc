#include "ops/norm.h"

#include <cmath>

#include "ops/activation.h"

namespace cellm {
namespace {

float inverse_rms(const Compute& compute, const float* x, float eps, std::size_t n) {
  return 1.0F / std::sqrt(compute.kernels.dot(x, x, n) / static_cast<float>(n) + eps);
}

}  // namespace

void rms_norm(const Compute& compute, const float* x, const float* weight, float eps,
              std::size_t rows, std::size_t n, float* out) {
  for (std::size_t row = 0; row < rows; ++row, x += n, out += n) {
    const float factor = inverse_rms(compute, x, eps, n);
    for (std::size_t i = 0; i < n; ++i) out[i] = x[i] * factor * weight[i];
  }
}

void gated_rms_norm(const Compute& compute, float* x, const float* weight, const float* gate,
                    float eps, std::size_t rows, std::size_t n) {
  compute.pool.parallel_for(rows, 4, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      float* values = x + row * n;
      const float factor = inverse_rms(compute, values, eps, n);
      for (std::size_t i = 0; i < n; ++i) values[i] = values[i] * factor * weight[i];
      compute.kernels.silu_multiply(gate + row * n, values, values, n);
    }
  });
}

}  // namespace cellm
