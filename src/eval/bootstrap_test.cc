#include "eval/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

namespace cellm {
namespace {

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The interval of the mean, as evaluate() makes it.
Estimate interval_of_mean(const std::vector<double>& units, std::size_t resamples) {
  Resampler resampler(units.size(), 7);
  std::vector<double> resampled;
  for (std::size_t r = 0; r < resamples; ++r) {
    const auto counts = resampler.next();
    double sum = 0.0;
    for (std::size_t u = 0; u < units.size(); ++u) sum += counts[u] * units[u];
    resampled.push_back(sum / static_cast<double>(units.size()));
  }
  return interval_of(mean(units), resampled, units.size());
}

// The coverage: how often the interval contains the true mean, over many data sets.
template <class Draw>
double coverage(std::size_t units, double truth, Draw&& draw) {
  constexpr std::size_t kDataSets = 1000;
  std::size_t covered = 0;
  for (std::size_t set = 0; set < kDataSets; ++set) {
    std::vector<double> values(units);
    for (double& value : values) value = draw();
    const Estimate estimate = interval_of_mean(values, 600);
    if (estimate.low <= truth && truth <= estimate.high) ++covered;
  }
  return static_cast<double>(covered) / static_cast<double>(kDataSets);
}

// With 1,000 data sets the standard error of a coverage of 0.95 is 0.007.
TEST(Bootstrap, IntervalsOfNormalDataCoverTheTruth) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(3.0, 0.5);
  for (const std::size_t units : {8U, 12U, 30U}) {
    const double covered = coverage(units, 3.0, [&] { return normal(random); });
    EXPECT_GT(covered, 0.925) << units;
    EXPECT_LT(covered, 0.985) << units;
  }
}

// Mean divergences of windows are skewed to the right: about as a gamma distribution of shape 4.
TEST(Bootstrap, IntervalsOfSkewedDataCoverTheTruth) {
  std::mt19937_64 random(2);
  std::gamma_distribution<double> gamma(4.0, 0.25);
  for (const std::size_t units : {8U, 32U}) {
    const double covered = coverage(units, 1.0, [&] { return gamma(random); });
    EXPECT_GT(covered, 0.91) << units;
    EXPECT_LT(covered, 0.985) << units;
  }
}

TEST(Bootstrap, FewUnitsHaveNoInterval) {
  std::vector<double> units{1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0};
  EXPECT_TRUE(std::isnan(interval_of_mean(units, 100).low));
  EXPECT_TRUE(std::isnan(interval_of_mean(units, 100).high));
  EXPECT_EQ(interval_of_mean(units, 100).value, 4.0);
  units.push_back(8.0);
  EXPECT_FALSE(std::isnan(interval_of_mean(units, 100).low));
}

TEST(Bootstrap, EqualUnitsHaveAnIntervalOfNoWidth) {
  const Estimate estimate = interval_of_mean(std::vector<double>(10, 2.0), 100);
  EXPECT_EQ(estimate.low, 2.0);
  EXPECT_EQ(estimate.high, 2.0);
}

TEST(Bootstrap, DrawsAreThoseOfTheSeed) {
  Resampler a(10, 1);
  Resampler b(10, 1);
  Resampler c(10, 2);
  bool differs = false;
  for (int i = 0; i < 20; ++i) {
    const auto counts = a.next();
    const auto same = b.next();
    const auto other = c.next();
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0U), 10U);
    EXPECT_TRUE(std::equal(counts.begin(), counts.end(), same.begin()));
    differs = differs || !std::equal(counts.begin(), counts.end(), other.begin());
  }
  EXPECT_TRUE(differs);
}

TEST(Quantile, IsLinearBetweenOrderStatistics) {
  const std::vector<double> values{1.0, 2.0, 4.0, 8.0};
  EXPECT_EQ(quantile_of_sorted(values, 0.0), 1.0);
  EXPECT_EQ(quantile_of_sorted(values, 1.0), 8.0);
  EXPECT_EQ(quantile_of_sorted(values, 0.5), 3.0);
  EXPECT_DOUBLE_EQ(quantile_of_sorted(values, 0.9), 4.0 + 0.7 * 4.0);
  EXPECT_EQ(quantile_of_sorted(std::vector<double>{5.0}, 0.99), 5.0);
}

// Compared with the resample written out.
TEST(Quantile, OfAResampleIsThatOfItsValues) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> value(0.0, 1.0);
  const std::vector<double> p{0.0, 0.001, 0.5, 0.9, 0.99, 0.999, 1.0};
  for (const std::size_t count : {1U, 2U, 7U, 300U}) {
    constexpr std::uint32_t kUnits = 5;
    std::vector<double> sorted(count);
    std::vector<std::uint32_t> unit(count);
    for (std::size_t i = 0; i < count; ++i) {
      sorted[i] = value(random);
      unit[i] = static_cast<std::uint32_t>(random() % kUnits);
    }
    std::sort(sorted.begin(), sorted.end());
    for (int round = 0; round < 20; ++round) {
      std::vector<std::uint32_t> counts(kUnits);
      for (std::uint32_t i = 0; i < kUnits; ++i) ++counts[random() % kUnits];
      ++counts[unit[0]];  // at least one unit is drawn
      std::vector<double> written_out;
      for (std::size_t i = 0; i < count; ++i)
        written_out.insert(written_out.end(), counts[unit[i]], sorted[i]);
      std::vector<double> quantiles(p.size());
      resampled_quantiles(sorted, unit, counts, p, quantiles);
      for (std::size_t i = 0; i < p.size(); ++i)
        EXPECT_DOUBLE_EQ(quantiles[i], quantile_of_sorted(written_out, p[i])) << count << p[i];
    }
  }
}

}  // namespace
}  // namespace cellm
