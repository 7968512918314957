#include "quantize/corrected_targets.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_values.h"
#include "quantize/test_moments.h"

namespace cellm {
namespace {

constexpr std::size_t kRows = 37;
constexpr std::size_t kCols = 70;
constexpr std::size_t kTokens = 1500;

// Two runs of one text: the inputs of a matrix and the streams that its product is added to.
struct Runs {
  std::vector<float> x = correlated_inputs(kTokens, kCols);
  std::vector<float> reference_x = x;
  std::vector<float> stream = gaussian(kTokens * kRows, 51);
  std::vector<float> reference_stream = stream;
  std::vector<float> weights = gaussian(kRows * kCols, 52);
};

void add_noise(std::vector<float>& values, float size, unsigned seed) {
  const std::vector<float> noise = gaussian(values.size(), seed);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += size * noise[i];
}

Runs different_runs() {
  Runs runs;
  add_noise(runs.reference_x, 0.3F, 53);
  add_noise(runs.reference_stream, 0.3F, 54);
  // A part of the difference that x explains.
  for (std::size_t t = 0; t < kTokens; ++t) {
    for (std::size_t c = 0; c < kCols; ++c) {
      runs.reference_x[t * kCols + c] += 0.2F * runs.x[t * kCols + (c + 1) % kCols];
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      runs.reference_stream[t * kRows + r] -= 0.4F * runs.x[t * kCols + r];
    }
  }
  return runs;
}

struct Corrected {
  std::vector<float> weights;
  double change = 0.0;
};

Corrected corrected(const Runs& runs, const TargetFactors& factors, double damping,
                    ThreadPool& pool, bool with_streams = true, std::size_t call = kTokens) {
  SecondMomentsSum moments(kCols, kernel_table(""), pool);
  TargetMomentsSum sums(kCols, kRows, kernel_table(""), pool);
  for (std::size_t t = 0; t < kTokens; t += call) {
    const std::size_t count = std::min(call, kTokens - t);
    moments.add(runs.x.data() + t * kCols, count);
    sums.add(count, runs.x.data() + t * kCols, runs.reference_x.data() + t * kCols,
             with_streams ? runs.stream.data() + t * kRows : nullptr,
             with_streams ? runs.reference_stream.data() + t * kRows : nullptr);
  }
  std::optional<UpperFactor> factor = upper_factor(moments.finish(), damping, pool);
  EXPECT_TRUE(factor);
  const TargetCorrection correction(sums.finish(), *std::move(factor), factors, kernel_table(""),
                                    pool);
  Corrected result{runs.weights};
  result.change = correction.apply(result.weights);
  return result;
}

// y' − T x with y' = h' − h + W x' for each token: what T is to make small.
std::vector<double> residuals(const Runs& runs, const std::vector<double>& targets,
                              bool with_streams) {
  std::vector<double> result(kTokens * kRows);
  for (std::size_t t = 0; t < kTokens; ++t) {
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::size_t at = t * kRows + r;
      double sum = with_streams ? static_cast<double>(runs.reference_stream[at]) -
                                      static_cast<double>(runs.stream[at])
                                : 0.0;
      for (std::size_t c = 0; c < kCols; ++c) {
        sum += static_cast<double>(runs.weights[r * kCols + c]) *
               static_cast<double>(runs.reference_x[t * kCols + c]);
        sum -= targets[r * kCols + c] * static_cast<double>(runs.x[t * kCols + c]);
      }
      result[at] = sum;
    }
  }
  return result;
}

double loss(const Runs& runs, const std::vector<double>& targets, bool with_streams) {
  double sum = 0.0;
  for (const double value : residuals(runs, targets, with_streams)) sum += value * value;
  return sum;
}

// The least-squares solution, from the products of the outputs themselves and the inverse of the
// moments by Gauss and Jordan.
std::vector<double> least_squares(const Runs& runs, bool with_streams) {
  const std::vector<double> outputs =
      residuals(runs, std::vector<double>(kRows * kCols), with_streams);
  SquareMatrix h(kCols * kCols);
  std::vector<double> mixed(kRows * kCols);
  for (std::size_t t = 0; t < kTokens; ++t) {
    for (std::size_t c = 0; c < kCols; ++c) {
      const auto value = static_cast<double>(runs.x[t * kCols + c]);
      for (std::size_t k = 0; k < kCols; ++k) {
        h[c * kCols + k] += value * static_cast<double>(runs.x[t * kCols + k]);
      }
      for (std::size_t r = 0; r < kRows; ++r)
        mixed[r * kCols + c] += outputs[t * kRows + r] * value;
    }
  }
  const SquareMatrix inverted = inverse(h, kCols);
  std::vector<double> result(kRows * kCols);
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t c = 0; c < kCols; ++c) {
      for (std::size_t k = 0; k < kCols; ++k) {
        result[r * kCols + c] += mixed[r * kCols + k] * inverted[k * kCols + c];
      }
    }
  }
  return result;
}

TEST(CorrectedTargets, WholeCorrectionsReachTheLeastSquaresResidual) {
  ThreadPool pool(2);
  const Runs runs = different_runs();
  const std::vector<double> before(runs.weights.begin(), runs.weights.end());
  for (const bool with_streams : {false, true}) {
    const Corrected whole = corrected(runs, {1.0, 1.0}, 1e-9, pool, with_streams);
    const std::vector<double> targets(whole.weights.begin(), whole.weights.end());
    const double least = loss(runs, least_squares(runs, with_streams), with_streams);
    EXPECT_LT(least, 0.7 * loss(runs, before, with_streams));
    EXPECT_NEAR(loss(runs, targets, with_streams) / least, 1.0, 1e-6);
    EXPECT_GT(whole.change, 0.01);
    // Half of it is half-way, the damping apart.
    const Corrected half = corrected(runs, {0.5, 0.5}, 1e-9, pool, with_streams);
    EXPECT_NEAR(half.change, whole.change / 2.0, 1e-6);
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_NEAR(static_cast<double>(half.weights[i]), (before[i] + targets[i]) / 2.0, 1e-5);
    }
  }
}

TEST(CorrectedTargets, EqualRunsLeaveTheWeightsBitForBit) {
  ThreadPool pool(2);
  Runs runs;
  runs.weights[5] = -0.0F;
  const Corrected same = corrected(runs, {}, kFeedbackDamping, pool);
  EXPECT_EQ(same.change, 0.0);
  EXPECT_EQ(
      std::memcmp(same.weights.data(), runs.weights.data(), runs.weights.size() * sizeof(float)),
      0);
}

TEST(CorrectedTargets, DependNeitherOnThreadsNorOnCalls) {
  ThreadPool one(1);
  ThreadPool three(3);
  const Runs runs = different_runs();
  const Corrected a = corrected(runs, {}, kFeedbackDamping, one);
  const Corrected b = corrected(runs, {}, kFeedbackDamping, three, true, 192);
  EXPECT_TRUE(a.weights == b.weights);
  EXPECT_EQ(a.change, b.change);
}

TEST(CorrectedTargets, LargeCorrectionsAreLimited) {
  ThreadPool pool(2);
  Runs runs = different_runs();
  for (float& weight : runs.weights) weight *= 1e-3F;  // so that the streams' error is far larger
  const Corrected limited = corrected(runs, {}, kFeedbackDamping, pool);
  EXPECT_GT(limited.change, 10.0);
  double change = 0.0;
  double size = 0.0;
  for (std::size_t i = 0; i < runs.weights.size(); ++i) {
    change += std::pow(static_cast<double>(limited.weights[i] - runs.weights[i]), 2.0);
    size += std::pow(static_cast<double>(runs.weights[i]), 2.0);
  }
  EXPECT_NEAR(std::sqrt(change / size), kMostTargetChange, 1e-4);
}

TEST(CorrectedTargets, AnOverflowOfTheOtherRunLeavesTheWeights) {
  ThreadPool pool(2);
  Runs runs = different_runs();
  runs.reference_x[77] = HUGE_VALF;
  const Corrected unchanged = corrected(runs, {}, kFeedbackDamping, pool);
  EXPECT_FALSE(std::isfinite(unchanged.change));
  EXPECT_TRUE(unchanged.weights == runs.weights);
}

}  // namespace
}  // namespace cellm
