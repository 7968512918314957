#include "quantize/second_moments.h"

#include <cmath>

#include <gtest/gtest.h>

#include "quantize/test_moments.h"

namespace cellm {
namespace {

TEST(SecondMoments, AreTheSumsOfProductsHoweverTokensAreCut) {
  constexpr std::size_t kCols = 70;
  constexpr std::size_t kTokens = 2500;
  const auto x = correlated_inputs(kTokens, kCols);
  ThreadPool one(1);
  ThreadPool three(3);
  const SecondMoments whole = moments_of(x, kCols, one);
  SecondMomentsSum parts(kCols, kernel_table(""), three);
  for (std::size_t t = 0; t < kTokens; t += 100) parts.add(x.data() + t * kCols, 100);
  const SecondMoments cut = parts.finish();
  EXPECT_EQ(whole.tokens, kTokens);
  for (std::size_t i = 0; i < kCols; ++i) {
    for (std::size_t j = 0; j < kCols; ++j) {
      double want = 0.0;
      for (std::size_t t = 0; t < kTokens; ++t) {
        want += static_cast<double>(x[t * kCols + i]) * static_cast<double>(x[t * kCols + j]);
      }
      EXPECT_NEAR(whole.at(i, j), want, 1e-6 * std::sqrt(whole.at(i, i) * whole.at(j, j)));
      EXPECT_EQ(whole.at(i, j), whole.at(j, i));
      EXPECT_EQ(whole.at(i, j), cut.at(i, j));
    }
  }
  EXPECT_EQ(whole.diagonal()[3], whole.at(3, 3));
}

}  // namespace
}  // namespace cellm
