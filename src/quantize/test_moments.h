// For tests: second moments of correlated inputs, and plain linear algebra on them.
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/test_values.h"
#include "quantize/second_moments.h"

namespace cellm {

using SquareMatrix = std::vector<double>;  // (n, n), row-major

// Inputs of few common directions and a little noise of each column, (tokens, cols); `spread` is
// the difference of the noise from one column to the next.
inline std::vector<float> correlated_inputs(std::size_t tokens, std::size_t cols,
                                            float spread = 0.02F) {
  constexpr std::size_t kDirections = 6;
  const auto mixing = gaussian(kDirections * cols, 5);
  const auto hidden = gaussian(tokens * kDirections, 6);
  auto x = gaussian(tokens * cols, 7);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t c = 0; c < cols; ++c) {
      float& value = x[t * cols + c];
      value *= 0.2F + spread * static_cast<float>(c % 7);
      for (std::size_t d = 0; d < kDirections; ++d) {
        value += hidden[t * kDirections + d] * mixing[d * cols + c];
      }
    }
  }
  return x;
}

inline SecondMoments moments_of(const std::vector<float>& x, std::size_t cols, ThreadPool& pool) {
  SecondMomentsSum sum(cols, kernel_table(""), pool);
  sum.add(x.data(), x.size() / cols);
  return sum.finish();
}

inline SquareMatrix damped(const SecondMoments& moments, double damping) {
  const std::size_t n = moments.cols;
  SquareMatrix h(moments.values.data(), moments.values.data() + n * n);
  double mean = 0.0;
  for (std::size_t c = 0; c < n; ++c) mean += h[c * n + c] / static_cast<double>(n);
  for (std::size_t c = 0; c < n; ++c) h[c * n + c] += damping * mean;
  return h;
}

// By Gauss and Jordan.
inline SquareMatrix inverse(SquareMatrix a, std::size_t n) {
  SquareMatrix b(n * n);
  for (std::size_t i = 0; i < n; ++i) b[i * n + i] = 1.0;
  for (std::size_t p = 0; p < n; ++p) {
    const double pivot = a[p * n + p];
    for (std::size_t c = 0; c < n; ++c) {
      a[p * n + c] /= pivot;
      b[p * n + c] /= pivot;
    }
    for (std::size_t r = 0; r < n; ++r) {
      if (r == p) continue;
      const double f = a[r * n + p];
      for (std::size_t c = 0; c < n; ++c) {
        a[r * n + c] -= f * a[p * n + c];
        b[r * n + c] -= f * b[p * n + c];
      }
    }
  }
  return b;
}

// U upper with a = Uᵀ U.
inline SquareMatrix upper_factor(const SquareMatrix& a, std::size_t n) {
  SquareMatrix u(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i; j < n; ++j) {
      double sum = a[i * n + j];
      for (std::size_t k = 0; k < i; ++k) sum -= u[k * n + i] * u[k * n + j];
      u[i * n + j] = i == j ? std::sqrt(sum) : sum / u[i * n + i];
    }
  }
  return u;
}

inline double loss_of(const SquareMatrix& h, std::size_t n, const float* weights,
                      const float* quantized) {
  double loss = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      loss += static_cast<double>(weights[i] - quantized[i]) * h[i * n + j] *
              static_cast<double>(weights[j] - quantized[j]);
    }
  }
  return loss;
}

}  // namespace cellm
