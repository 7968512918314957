#include "quantize/cholesky.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_values.h"
#include "quantize/test_moments.h"

namespace cellm {
namespace {

std::vector<double> some_rows(std::size_t rows, std::size_t cols) {
  const std::vector<float> values = gaussian(rows * cols, 31);
  return {values.begin(), values.end()};
}

TEST(UpperFactor, SolvesWithTheDampedMoments) {
  ThreadPool pool(3);
  for (const std::size_t cols : {1U, 5U, 64U, 150U, 400U}) {
    const SecondMoments moments = moments_of(correlated_inputs(700, cols), cols, pool);
    const SquareMatrix h = damped(moments, kFeedbackDamping);
    const auto factor = upper_factor(moments, kFeedbackDamping, pool);
    ASSERT_TRUE(factor);
    constexpr std::size_t kRows = 70;  // more than a block
    const std::vector<double> want = some_rows(kRows, cols);
    std::vector<double> z = want;
    factor->solve(z.data(), kRows);
    double error = 0.0;
    double size = 0.0;
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        double product = 0.0;
        for (std::size_t k = 0; k < cols; ++k) product += z[r * cols + k] * h[k * cols + c];
        error += std::pow(product - want[r * cols + c], 2.0);
        size += std::pow(want[r * cols + c], 2.0);
      }
    }
    EXPECT_LT(std::sqrt(error / size), 1e-10) << cols;
    // A row alone has the same result.
    std::vector<double> alone(want.begin() + static_cast<std::ptrdiff_t>(66 * cols),
                              want.begin() + static_cast<std::ptrdiff_t>(67 * cols));
    factor->solve(alone.data(), 1);
    EXPECT_TRUE(
        std::equal(alone.begin(), alone.end(), z.begin() + static_cast<std::ptrdiff_t>(66 * cols)))
        << cols;
  }
}

TEST(UpperFactor, SolvesZeroToZero) {
  ThreadPool pool(1);
  constexpr std::size_t kCols = 90;
  const SecondMoments moments = moments_of(correlated_inputs(300, kCols), kCols, pool);
  const auto factor = upper_factor(moments, kFeedbackDamping, pool);
  ASSERT_TRUE(factor);
  std::vector<double> zeros(2 * kCols);
  factor->solve(zeros.data(), 2);
  EXPECT_TRUE(std::all_of(zeros.begin(), zeros.end(), [](double z) { return z == 0.0; }));
}

}  // namespace
}  // namespace cellm
