#include "quantize/feedback.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_values.h"
#include "format/formats.h"
#include "format/half.h"
#include "quantize/quantize_feedback.h"
#include "quantize/quantize_mse.h"
#include "quantize/second_moments.h"

namespace cellm {
namespace {

using Matrix = std::vector<double>;  // row-major

// Inputs whose columns have much in common: few directions, and a little of each column's own.
std::vector<float> correlated_inputs(std::size_t tokens, std::size_t cols) {
  constexpr std::size_t kDirections = 6;
  const auto mixing = gaussian(kDirections * cols, 5);
  const auto hidden = gaussian(tokens * kDirections, 6);
  auto x = gaussian(tokens * cols, 7);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t c = 0; c < cols; ++c) {
      float& value = x[t * cols + c];
      value *= 0.2F + 0.02F * static_cast<float>(c % 7);
      for (std::size_t d = 0; d < kDirections; ++d) {
        value += hidden[t * kDirections + d] * mixing[d * cols + c];
      }
    }
  }
  return x;
}

SecondMoments moments_of(const std::vector<float>& x, std::size_t cols, ThreadPool& pool) {
  SecondMomentsSum sum(cols, kernel_table(""), pool);
  sum.add(x.data(), x.size() / cols);
  return sum.finish();
}

Matrix damped(const SecondMoments& moments, double damping) {
  const std::size_t n = moments.cols;
  Matrix h(moments.values.data(), moments.values.data() + n * n);
  double mean = 0.0;
  for (std::size_t c = 0; c < n; ++c) mean += h[c * n + c] / static_cast<double>(n);
  for (std::size_t c = 0; c < n; ++c) h[c * n + c] += damping * mean;
  return h;
}

// By Gauss and Jordan.
Matrix inverse(Matrix a, std::size_t n) {
  Matrix b(n * n);
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
Matrix upper_factor(const Matrix& a, std::size_t n) {
  Matrix u(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i; j < n; ++j) {
      double sum = a[i * n + j];
      for (std::size_t k = 0; k < i; ++k) sum -= u[k * n + i] * u[k * n + j];
      u[i * n + j] = i == j ? std::sqrt(sum) : sum / u[i * n + i];
    }
  }
  return u;
}

double loss_of(const Matrix& h, std::size_t n, const float* weights, const float* coded) {
  double loss = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      loss += static_cast<double>(weights[i] - coded[i]) * h[i * n + j] *
              static_cast<double>(weights[j] - coded[j]);
    }
  }
  return loss;
}

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

TEST(FeedbackFactor, GivesTheMomentsBackAndIsTheInverseOfGptqs) {
  ThreadPool pool(3);
  for (const std::size_t cols : {5U, 64U, 150U}) {
    const SecondMoments moments = moments_of(correlated_inputs(400, cols), cols, pool);
    const Matrix h = damped(moments, kFeedbackDamping);
    const Matrix u = upper_factor(inverse(h, cols), cols);
    for (const std::size_t width : {1U, 4U}) {
      const auto factor = factorize(moments, width, pool);
      ASSERT_TRUE(factor);
      // R[j][k] = Σ_i L[i][j] R_BB[i][k] over the block of k.
      Matrix r(cols * cols);
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

// The nearest of the levels −1.5, −0.5, 0.5, 1.5.
float nearest_level(float value) {
  return std::clamp(std::floor(value), -2.0F, 1.0F) + 0.5F;
}

void code_to_levels(const ColumnBlock& block) {
  for (std::size_t i = 0; i < block.rows * block.width; ++i) {
    block.coded[i] = nearest_level(block.targets[i]);
  }
}

// GPTQ as its paper has it: the error of a column over U_kk is spread over the columns ahead.
void naive_gptq(const Matrix& u, std::size_t n, const float* weights, float* coded) {
  Matrix w(weights, weights + n);
  for (std::size_t k = 0; k < n; ++k) {
    coded[k] = nearest_level(static_cast<float>(w[k]));
    const double error = (w[k] - static_cast<double>(coded[k])) / u[k * n + k];
    for (std::size_t c = k; c < n; ++c) w[c] -= error * u[k * n + c];
  }
}

TEST(CodeColumns, IsGptq) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 21;
  for (const std::size_t cols : {5U, 100U, 300U}) {
    const SecondMoments moments = moments_of(correlated_inputs(900, cols), cols, pool);
    const Matrix h = damped(moments, kFeedbackDamping);
    const Matrix u = upper_factor(inverse(h, cols), cols);
    const auto factor = factorize(moments, 1, pool);
    ASSERT_TRUE(factor);
    const auto weights = gaussian(kRows * cols, 9);
    std::vector<float> coded(kRows * cols);
    std::vector<double> losses(kRows);
    code_columns(*factor, kernel_table(""), kRows, weights.data(), code_to_levels, {}, coded.data(),
                 losses.data());
    std::vector<float> want(cols);
    std::size_t same = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
      naive_gptq(u, cols, weights.data() + r * cols, want.data());
      // A target at a border between levels may fall to either side.
      if (std::equal(want.begin(), want.end(), coded.data() + r * cols)) ++same;
      const double loss = loss_of(h, cols, weights.data() + r * cols, coded.data() + r * cols);
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
  const Matrix h = damped(moments, kFeedbackDamping);
  const auto weights = gaussian(kRows * kCols, 9);
  double totals[3] = {};
  std::size_t widths[] = {1, 4};
  std::vector<float> coded(kRows * kCols);
  for (std::size_t w = 0; w < 2; ++w) {
    const auto factor = factorize(moments, widths[w], pool);
    ASSERT_TRUE(factor);
    std::vector<double> losses(kRows);
    std::size_t next = 0;
    code_columns(
        *factor, kernel_table(""), kRows, weights.data(),
        [&](const ColumnBlock& block) {
          EXPECT_EQ(block.begin, next);
          EXPECT_EQ(block.rows, kRows);
          EXPECT_EQ(block.width, std::min(widths[w], kCols - next));
          next += block.width;
          code_to_levels(block);
        },
        {}, coded.data(), losses.data());
    EXPECT_EQ(next, kCols);
    for (std::size_t r = 0; r < kRows; ++r) {
      totals[w] += losses[r];
      const double loss = loss_of(h, kCols, weights.data() + r * kCols, coded.data() + r * kCols);
      EXPECT_NEAR(losses[r], loss, 1e-4 * loss);
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t c = 0; c < kCols; ++c) {
      coded[r * kCols + c] = nearest_level(weights[r * kCols + c]);
    }
    totals[2] += loss_of(h, kCols, weights.data() + r * kCols, coded.data() + r * kCols);
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
  code_columns(*factor, kernel_table(""), kRows, weights.data(), code_to_levels, {}, all.data(),
               nullptr);
  for (std::size_t r = 0; r < kRows; ++r) {
    code_columns(*factor, kernel_table(""), 1, weights.data() + r * kCols, code_to_levels, {},
                 one.data(), nullptr);
    EXPECT_TRUE(std::equal(one.begin(), one.end(), all.data() + r * kCols)) << r;
  }
}

// Where columns before a group have errors and those of the group get none, the targets that the
// group was entered with are what its columns become.
TEST(CodeColumns, GroupsAreEnteredWithWhatTheyWillBe) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 3;
  constexpr std::size_t kCols = 160;
  constexpr std::size_t kGroup = 32;
  const auto factor = factorize(moments_of(correlated_inputs(900, kCols), kCols, pool), 1, pool);
  ASSERT_TRUE(factor);
  const auto weights = gaussian(kRows * kCols, 9);
  std::vector<float> coded(kRows * kCols);
  std::vector<float> entered;
  std::size_t groups = 0;
  const auto enter = [&](const ColumnGroup& group) {
    EXPECT_EQ(group.begin, groups * kGroup);
    EXPECT_EQ(group.width, kGroup);
    ++groups;
    entered.assign(group.targets, group.targets + kRows * kGroup);
  };
  code_columns(
      *factor, kernel_table(""), kRows, weights.data(),
      [&](const ColumnBlock& block) {
        if (block.begin < 64) return code_to_levels(block);
        for (std::size_t r = 0; r < kRows; ++r) {
          block.coded[r] = block.targets[r];
          if (block.begin / kGroup != 2) continue;
          EXPECT_NEAR(block.targets[r], entered[r * kGroup + block.begin % kGroup], 1e-4F);
          EXPECT_NE(block.targets[r], weights[r * kCols + block.begin]);
        }
      },
      {kGroup, enter}, coded.data(), nullptr);
  EXPECT_EQ(groups, kCols / kGroup);
}

TEST(BestRowFactors, NoOtherScaleLosesLess) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 9;
  constexpr std::size_t kCols = 202;
  const SecondMoments moments = moments_of(correlated_inputs(900, kCols), kCols, pool);
  const Matrix h = damped(moments, kFeedbackDamping);
  const auto weights = gaussian(kRows * kCols, 9);
  std::vector<float> coded(kRows * kCols);
  for (std::size_t i = 0; i < coded.size(); ++i) coded[i] = 0.7F * nearest_level(weights[i]);
  std::fill_n(coded.begin() + kCols, kCols, 0.0F);  // a row of nothing
  for (const std::size_t width : {1U, 4U}) {
    const auto factor = factorize(moments, width, pool);
    std::vector<double> factors(kRows);
    best_row_factors(*factor, kernel_table(""), kRows, weights.data(), coded.data(),
                     factors.data());
    EXPECT_EQ(factors[1], 1.0);
    for (std::size_t r = 0; r < kRows; ++r) {
      if (r == 1) continue;
      const auto loss_at = [&](double scale) {
        std::vector<float> scaled(coded.data() + r * kCols, coded.data() + (r + 1) * kCols);
        for (float& v : scaled) v *= static_cast<float>(scale);
        return loss_of(h, kCols, weights.data() + r * kCols, scaled.data());
      };
      const double best = loss_at(factors[r]);
      EXPECT_LT(best, loss_at(factors[r] * 1.01));
      EXPECT_LT(best, loss_at(factors[r] * 0.99));
    }
  }
}

struct Case {
  FormatId format;
  std::size_t group;  // 0: none but the format's own
};

// Codes a matrix by a quantizer and gives its tr(ΔW H ΔWᵀ) with H as it is.
double quantized_loss(const TensorQuantizer& quantizer, const Case& c, std::size_t rows,
                      std::size_t cols, const std::vector<float>& weights, const Matrix& h,
                      std::vector<std::byte>* bytes = nullptr) {
  const FormatSpec& format = format_spec(c.format);
  const std::size_t row_bytes = format.row_bytes(cols);
  const std::size_t row_scales = c.group == 0 ? 0 : cols / c.group;
  std::vector<std::byte> codes(rows * row_bytes);
  std::vector<std::uint16_t> scales(rows * row_scales);
  quantizer.quantize({0, rows, weights.data(), codes.data(), scales.data()});
  std::vector<float> got(cols);
  double loss = 0.0;
  for (std::size_t r = 0; r < rows; ++r) {
    format.dequantize_row(codes.data() + r * row_bytes, scales.data() + r * row_scales, cols,
                          c.group, got.data());
    loss += loss_of(h, cols, weights.data() + r * cols, got.data());
  }
  if (bytes != nullptr) *bytes = codes;
  return loss;
}

constexpr Case kCases[] = {{FormatId::kI8, 256}, {FormatId::kI4, 256}, {FormatId::kI4, 32},
                           {FormatId::kI4, 128}, {FormatId::kI2, 256}, {FormatId::kQ1, 0}};

TEST(FeedbackQuantizer, LosesLessOnCorrelatedInputs) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 40;
  constexpr std::size_t kCols = 256;
  const auto x = correlated_inputs(2000, kCols);
  CalibratedInput input(moments_of(x, kCols, pool), kernel_table(""), pool);
  const Matrix h = damped(input.moments(), 0.0);
  const InputMoments diagonal{2000, input.moments().diagonal()};
  const auto weights = gaussian(kRows * kCols, 3);
  for (const Case& c : kCases) {
    const QuantizeRequest request{"w",   format_spec(c.format), kRows, kCols, c.group, &diagonal,
                                  &input};
    const double without = quantized_loss(mse_quantizer(request), c, kRows, kCols, weights, h);
    const double with = quantized_loss(feedback_quantizer(request), c, kRows, kCols, weights, h);
    EXPECT_LT(with, 0.6 * without) << format_spec(c.format).name << " " << c.group;
  }
}

// Without correlation there is nothing to pass on: the codes are the nearest ones, the scales those
// of least error.
TEST(FeedbackQuantizer, IsTheSearchOnWhiteInputs) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 20;
  constexpr std::size_t kCols = 256;
  SecondMoments white{kCols, 1000, AlignedBuffer<double>(kCols * kCols)};
  Matrix h(kCols * kCols);
  for (std::size_t c = 0; c < kCols; ++c) h[c * kCols + c] = white.values[c * kCols + c] = 9.0;
  CalibratedInput input(std::move(white), kernel_table(""), pool);
  const InputMoments diagonal{1000, input.moments().diagonal()};
  const auto weights = gaussian(kRows * kCols, 3);
  for (const Case& c : kCases) {
    const QuantizeRequest request{"w",   format_spec(c.format), kRows, kCols, c.group, &diagonal,
                                  &input};
    std::vector<std::byte> plain;
    std::vector<std::byte> fed_back;
    const double without =
        quantized_loss(mse_quantizer(request), c, kRows, kCols, weights, h, &plain);
    const double with =
        quantized_loss(feedback_quantizer(request), c, kRows, kCols, weights, h, &fed_back);
    // Scales of rows are refitted to their codes and these chosen again.
    EXPECT_NEAR(with, without, 1e-2 * without) << format_spec(c.format).name << " " << c.group;
    EXPECT_LE(with, 1.001 * without) << format_spec(c.format).name << " " << c.group;
    if (c.group == 256) continue;
    EXPECT_EQ(plain, fed_back) << format_spec(c.format).name;
  }
}

}  // namespace
}  // namespace cellm
