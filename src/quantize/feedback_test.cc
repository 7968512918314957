#include "quantize/feedback.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_values.h"
#include "quantize/test_moments.h"

namespace cellm {
namespace {

// The nearest of the levels −1.5, −0.5, 0.5, 1.5.
float nearest_level(float value) {
  return std::clamp(std::floor(value), -2.0F, 1.0F) + 0.5F;
}

void code_to_levels(const ColumnBlock& block) {
  for (std::size_t i = 0; i < block.rows * block.width; ++i) {
    block.quantized[i] = nearest_level(block.targets[i]);
  }
}

// GPTQ as its paper has it: the error of a column over U_kk is spread over the columns ahead.
void naive_gptq(const SquareMatrix& u, std::size_t n, const float* weights, float* quantized) {
  SquareMatrix w(weights, weights + n);
  for (std::size_t k = 0; k < n; ++k) {
    quantized[k] = nearest_level(static_cast<float>(w[k]));
    const double error = (w[k] - static_cast<double>(quantized[k])) / u[k * n + k];
    for (std::size_t c = k; c < n; ++c) w[c] -= error * u[k * n + c];
  }
}

TEST(CodeColumns, IsGptq) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 21;
  for (const std::size_t cols : {5U, 100U, 300U}) {
    const SecondMoments moments = moments_of(correlated_inputs(900, cols), cols, pool);
    const SquareMatrix h = damped(moments, kFeedbackDamping);
    const SquareMatrix u = upper_factor(inverse(h, cols), cols);
    const auto factor = factorize(moments, 1, pool);
    ASSERT_TRUE(factor);
    const auto weights = gaussian(kRows * cols, 9);
    std::vector<float> quantized(kRows * cols);
    std::vector<double> losses(kRows);
    quantize_columns(*factor, kernel_table(""), kRows, weights.data(), code_to_levels, {},
                     quantized.data(), losses.data());
    std::vector<float> want(cols);
    std::size_t same = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
      naive_gptq(u, cols, weights.data() + r * cols, want.data());
      // A target at a border between levels may fall to either side.
      if (std::equal(want.begin(), want.end(), quantized.data() + r * cols)) ++same;
      const double loss = loss_of(h, cols, weights.data() + r * cols, quantized.data() + r * cols);
      EXPECT_NEAR(losses[r], loss, 1e-4 * loss);
    }
    EXPECT_GE(same, kRows - 2) << cols;
  }
}

// With blocks of four columns that are rounded one by one, the first column of a block is as with
// single ones, and its other targets are what they should be if those before had no error.
TEST(CodeColumns, BlocksOfFourLoseLittle) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 64;
  constexpr std::size_t kCols = 202;  // the last block has two columns
  const SecondMoments moments = moments_of(correlated_inputs(900, kCols), kCols, pool);
  const SquareMatrix h = damped(moments, kFeedbackDamping);
  const auto weights = gaussian(kRows * kCols, 9);
  double totals[3] = {};
  std::size_t widths[] = {1, 4};
  std::vector<float> quantized(kRows * kCols);
  for (std::size_t w = 0; w < 2; ++w) {
    const auto factor = factorize(moments, widths[w], pool);
    ASSERT_TRUE(factor);
    std::vector<double> losses(kRows);
    std::size_t next = 0;
    quantize_columns(
        *factor, kernel_table(""), kRows, weights.data(),
        [&](const ColumnBlock& block) {
          EXPECT_EQ(block.begin, next);
          EXPECT_EQ(block.rows, kRows);
          EXPECT_EQ(block.width, std::min(widths[w], kCols - next));
          next += block.width;
          code_to_levels(block);
        },
        {}, quantized.data(), losses.data());
    EXPECT_EQ(next, kCols);
    for (std::size_t r = 0; r < kRows; ++r) {
      totals[w] += losses[r];
      const double loss =
          loss_of(h, kCols, weights.data() + r * kCols, quantized.data() + r * kCols);
      EXPECT_NEAR(losses[r], loss, 1e-4 * loss);
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t c = 0; c < kCols; ++c) {
      quantized[r * kCols + c] = nearest_level(weights[r * kCols + c]);
    }
    totals[2] += loss_of(h, kCols, weights.data() + r * kCols, quantized.data() + r * kCols);
  }
  EXPECT_LT(totals[0], totals[1]);
  EXPECT_LT(totals[1], 0.7 * totals[2]);
}

TEST(CodeColumns, ARowDoesNotDependOnOthers) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 37;
  constexpr std::size_t kCols = 200;
  const auto factor = factorize(moments_of(correlated_inputs(900, kCols), kCols, pool), 1, pool);
  ASSERT_TRUE(factor);
  const auto weights = gaussian(kRows * kCols, 9);
  std::vector<float> all(kRows * kCols);
  std::vector<float> one(kCols);
  quantize_columns(*factor, kernel_table(""), kRows, weights.data(), code_to_levels, {}, all.data(),
                   nullptr);
  for (std::size_t r = 0; r < kRows; ++r) {
    quantize_columns(*factor, kernel_table(""), 1, weights.data() + r * kCols, code_to_levels, {},
                     one.data(), nullptr);
    EXPECT_TRUE(std::equal(one.begin(), one.end(), all.data() + r * kCols)) << r;
  }
}

// If only columns before a group have errors, the columns of the group become the targets with
// which the group begins.
TEST(CodeColumns, GroupsAreEnteredWithWhatTheyWillBe) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 3;
  constexpr std::size_t kCols = 160;
  constexpr std::size_t kGroup = 32;
  const auto factor = factorize(moments_of(correlated_inputs(900, kCols), kCols, pool), 1, pool);
  ASSERT_TRUE(factor);
  const auto weights = gaussian(kRows * kCols, 9);
  std::vector<float> quantized(kRows * kCols);
  std::vector<float> entered;
  std::size_t groups = 0;
  const auto enter = [&](const ColumnGroup& group) {
    EXPECT_EQ(group.begin, groups * kGroup);
    EXPECT_EQ(group.width, kGroup);
    ++groups;
    entered.assign(group.targets, group.targets + kRows * kGroup);
  };
  quantize_columns(
      *factor, kernel_table(""), kRows, weights.data(),
      [&](const ColumnBlock& block) {
        if (block.begin < 64) return code_to_levels(block);
        for (std::size_t r = 0; r < kRows; ++r) {
          block.quantized[r] = block.targets[r];
          if (block.begin / kGroup != 2) continue;
          EXPECT_NEAR(block.targets[r], entered[r * kGroup + block.begin % kGroup], 1e-4F);
          EXPECT_NE(block.targets[r], weights[r * kCols + block.begin]);
        }
      },
      {kGroup, enter}, quantized.data(), nullptr);
  EXPECT_EQ(groups, kCols / kGroup);
}

TEST(BestRowFactors, NoOtherScaleLosesLess) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 9;
  constexpr std::size_t kCols = 202;
  const SecondMoments moments = moments_of(correlated_inputs(900, kCols), kCols, pool);
  const SquareMatrix h = damped(moments, kFeedbackDamping);
  const auto weights = gaussian(kRows * kCols, 9);
  std::vector<float> quantized(kRows * kCols);
  for (std::size_t i = 0; i < quantized.size(); ++i)
    quantized[i] = 0.7F * nearest_level(weights[i]);
  std::fill_n(quantized.begin() + kCols, kCols, 0.0F);  // a row of nothing
  for (const std::size_t width : {1U, 4U}) {
    const auto factor = factorize(moments, width, pool);
    std::vector<double> factors(kRows);
    best_row_factors(*factor, kernel_table(""), kRows, weights.data(), quantized.data(),
                     factors.data());
    EXPECT_EQ(factors[1], 1.0);
    for (std::size_t r = 0; r < kRows; ++r) {
      if (r == 1) continue;
      const auto loss_at = [&](double scale) {
        std::vector<float> scaled(quantized.data() + r * kCols, quantized.data() + (r + 1) * kCols);
        for (float& v : scaled) v *= static_cast<float>(scale);
        return loss_of(h, kCols, weights.data() + r * kCols, scaled.data());
      };
      const double best = loss_at(factors[r]);
      EXPECT_LT(best, loss_at(factors[r] * 1.01));
      EXPECT_LT(best, loss_at(factors[r] * 0.99));
    }
  }
}

}  // namespace
}  // namespace cellm
