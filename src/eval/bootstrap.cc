#include "eval/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace cellm {
namespace {

constexpr double kNormalQuantile = 1.959963984540054;  // z(0.975)

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

// t(0.975, freedom): Cornish–Fisher expansion around the normal quantile, Abramowitz and Stegun
// 26.7.5; within 0.4 % from 4 degrees of freedom on.
double student_quantile(double freedom) {
  const double z = kNormalQuantile;
  const double z3 = z * z * z;
  const double z5 = z3 * z * z;
  const double z7 = z5 * z * z;
  return z + (z3 + z) / (4.0 * freedom) +
         (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * freedom * freedom) +
         (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * freedom * freedom * freedom);
}

}  // namespace

std::span<const std::uint32_t> Resampler::next() {
  std::fill(counts_.begin(), counts_.end(), 0U);
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    // The upper 53 bits as a fraction: the distributions of the standard library differ between
    // implementations.
    const double fraction = static_cast<double>(random_() >> 11U) * 0x1p-53;
    ++counts_[static_cast<std::size_t>(fraction * static_cast<double>(counts_.size()))];
  }
  return counts_;
}

Estimate interval_of(double value, std::vector<double> resampled, std::size_t units) {
  Estimate estimate{value};
  if (units < kFewestUnits || resampled.empty()) return estimate;
  std::sort(resampled.begin(), resampled.end());
  const double n = static_cast<double>(units);
  const double tail = normal_cdf(-std::sqrt(n / (n - 1.0)) * student_quantile(n - 1.0));
  estimate.low = quantile_of_sorted(resampled, tail);
  estimate.high = quantile_of_sorted(resampled, 1.0 - tail);
  return estimate;
}

Estimate ratio_of_sums(std::span<const double> part, std::span<const double> whole,
                       std::size_t resamples, std::uint64_t seed) {
  CELLM_CHECK(part.size() == whole.size());
  const auto ratio = [&](auto&& times) {
    double parts = 0.0;
    double wholes = 0.0;
    for (std::size_t i = 0; i < part.size(); ++i) {
      parts += times(i) * part[i];
      wholes += times(i) * whole[i];
    }
    return parts / wholes;
  };
  const double value = ratio([](std::size_t /*unit*/) { return 1.0; });
  Resampler resampler(part.size(), seed);
  std::vector<double> resampled;
  for (std::size_t r = 0; r < resamples; ++r) {
    const auto counts = resampler.next();
    const double drawn = ratio([&](std::size_t unit) { return static_cast<double>(counts[unit]); });
    if (!std::isnan(drawn)) resampled.push_back(drawn);
  }
  const auto units =
      part.size() - static_cast<std::size_t>(std::count(whole.begin(), whole.end(), 0.0));
  return interval_of(value, std::move(resampled), units);
}

Estimate share_of_units(std::span<const double> part, std::size_t resamples, std::uint64_t seed) {
  return ratio_of_sums(part, std::vector<double>(part.size(), 1.0), resamples, seed);
}

double quantile_of_sorted(std::span<const double> sorted, double p) {
  CELLM_CHECK(!sorted.empty());
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double share = position - static_cast<double>(below);
  if (share == 0.0) return sorted[below];
  return sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

void resampled_quantiles(std::span<const double> sorted, std::span<const std::uint32_t> unit,
                         std::span<const std::uint32_t> counts, std::span<const double> p,
                         std::span<double> out) {
  std::size_t total = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) total += counts[unit[i]];
  CELLM_CHECK(total > 0);
  std::size_t at = 0;
  std::size_t end = 0;  // values of the resample up to sorted[at − 1]
  const auto value_at = [&](std::size_t index) {
    while (end <= index) end += counts[unit[at++]];
    return sorted[at - 1];
  };
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double position = p[i] * static_cast<double>(total - 1);
    const auto below = static_cast<std::size_t>(position);
    const double share = position - static_cast<double>(below);
    out[i] = value_at(below);
    if (share == 0.0) continue;
    // Step back: the next quantile may lie between the same two values.
    const std::size_t at_below = at;
    const std::size_t end_below = end;
    out[i] += share * (value_at(below + 1) - out[i]);
    at = at_below;
    end = end_below;
  }
}

}  // namespace cellm
