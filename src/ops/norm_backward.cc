#include "ops/norm_backward.h"

#include <cmath>
#include <vector>

#include "ops/activation.h"
#include "ops/activation_backward.h"

namespace cellm {
namespace {

constexpr std::size_t kRowGrain = 16;
constexpr std::size_t kColumnGrain = 64;

}  // namespace

void rms_norm_backward(const Compute& compute, const float* x, const float* weight, float eps,
                       std::size_t rows, std::size_t n, const float* dy, float* dx,
                       float* dweight) {
  std::vector<float> factors(rows);
  compute.pool.parallel_for(rows, kRowGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      const float* values = x + row * n;
      factors[row] =
          1.0F / std::sqrt(compute.kernels.dot(values, values, n) / static_cast<float>(n) + eps);
    }
  });
  if (dweight != nullptr) {
    // By columns, so that no two threads add to the same sum; before dx is written, which may alias
    // dy.
    compute.pool.parallel_for(n, kColumnGrain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t i = begin; i < end; ++i) {
          dweight[i] += factors[row] * x[row * n + i] * dy[row * n + i];
        }
      }
    });
  }
  compute.pool.parallel_for(rows, kRowGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      const float* values = x + row * n;
      const float* gradient = dy + row * n;
      float* out = dx + row * n;
      const float factor = factors[row];
      float product = 0.0F;
      for (std::size_t i = 0; i < n; ++i) product += values[i] * weight[i] * gradient[i];
      const float along = factor * factor * factor * product / static_cast<float>(n);
      for (std::size_t i = 0; i < n; ++i) {
        out[i] = factor * weight[i] * gradient[i] - along * values[i];
      }
    }
  });
}

void gated_rms_norm_backward(const Compute& compute, const float* x, const float* weight,
                             const float* gate, float eps, std::size_t rows, std::size_t n,
                             const float* dy, float* dx, float* dgate, float* dweight) {
  // out = normed · silu(gate): dgate first, from the recomputed normed rows.
  compute.pool.parallel_for(rows, kRowGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      const float* values = x + row * n;
      const float factor =
          1.0F / std::sqrt(compute.kernels.dot(values, values, n) / static_cast<float>(n) + eps);
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t at = row * n + i;
        const float normed = values[i] * factor * weight[i];
        const float gradient = dy[at];
        dgate[at] = gradient * normed * silu_slope(gate[at]);
        dx[at] = gradient * silu(gate[at]);
      }
    }
  });
  rms_norm_backward(compute, x, weight, eps, rows, n, dx, dx, dweight);
}

}  // namespace cellm
