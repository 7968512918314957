#include "quantize/feedback_factor.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_values.h"
#include "quantize/test_moments.h"

namespace cellm {
namespace {

TEST(FeedbackFactor, GivesTheMomentsBackAndIsTheInverseOfGptqs) {
  ThreadPool pool(3);
  for (const std::size_t cols : {5U, 64U, 150U}) {
    const SecondMoments moments = moments_of(correlated_inputs(400, cols), cols, pool);
    const SquareMatrix h = damped(moments, kFeedbackDamping);
    const SquareMatrix u = upper_factor(inverse(h, cols), cols);
    for (const std::size_t width : {1U, 4U}) {
      const auto factor = factorize(moments, width, pool);
      ASSERT_TRUE(factor);
      // R[j][k] = Σ_i L[i][j] R_BB[i][k] over the block of k.
      SquareMatrix r(cols * cols);
      for (std::size_t k = 0; k < cols; ++k) {
        const std::size_t first = factor->block_begin(k);
        for (std::size_t j = 0; j < first; ++j) {
          for (std::size_t i = first; i <= k; ++i) {
            r[j * cols + k] += static_cast<double>(factor->feedback[i * cols + j]) *
                               factor->block_value(first, i - first, k - first);
          }
        }
        for (std::size_t j = first; j <= k; ++j) {
          r[j * cols + k] = factor->block_value(first, j - first, k - first);
        }
      }
      for (std::size_t i = 0; i < cols; ++i) {
        for (std::size_t j = 0; j < cols; ++j) {
          double product = 0.0;
          double identity = 0.0;
          for (std::size_t k = 0; k < cols; ++k) {
            product += r[i * cols + k] * r[j * cols + k];
            identity += u[i * cols + k] * r[k * cols + j];
          }
          EXPECT_NEAR(product, h[i * cols + j],
                      1e-6 * std::sqrt(h[i * cols + i] * h[j * cols + j]));
          EXPECT_NEAR(identity, i == j ? 1.0 : 0.0, 1e-4);
        }
      }
    }
  }
}

TEST(FeedbackFactor, DoesNotDependOnThreads) {
  constexpr std::size_t kCols = 300;
  ThreadPool one(1);
  ThreadPool three(3);
  const SecondMoments moments = moments_of(correlated_inputs(700, kCols), kCols, one);
  const auto a = factorize(moments, 4, one);
  const auto b = factorize(moments, 4, three);
  ASSERT_TRUE(a && b);
  EXPECT_TRUE(
      std::equal(a->feedback.data(), a->feedback.data() + kCols * kCols, b->feedback.data()));
  EXPECT_TRUE(std::equal(a->diagonal.data(), a->diagonal.data() + kCols * 4, b->diagonal.data()));
}

TEST(FeedbackFactor, ThereIsNoneOfNothingAndOfWhatIsNotFinite) {
  ThreadPool pool(2);
  std::vector<float> x(200 * 40, 0.0F);
  EXPECT_FALSE(factorize(moments_of(x, 40, pool), 1, pool));
  x = gaussian(x.size(), 1);
  x[77] = HUGE_VALF;
  EXPECT_FALSE(factorize(moments_of(x, 40, pool), 1, pool));
  x[77] = std::nanf("");
  EXPECT_FALSE(factorize(moments_of(x, 40, pool), 1, pool));
  SecondMoments indefinite{2, 1, AlignedBuffer<double>(4)};
  indefinite.values[0] = indefinite.values[3] = 1.0;
  indefinite.values[1] = indefinite.values[2] = 2.0;
  EXPECT_FALSE(factorize(indefinite, 1, pool));
}

}  // namespace
}  // namespace cellm
