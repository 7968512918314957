// Bootstrap confidence intervals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <vector>

namespace cellm {

// A value with its 95 % interval; low and high are NaN without an interval.
struct Estimate {
  double value = 0.0;
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

// No interval is given for fewer independent units: nominal 95 % intervals of 5 units cover 91 %,
// of 8 units 95 % (bootstrap_test.cc).
inline constexpr std::size_t kFewestUnits = 8;

// Draws resamples: n of n units with replacement. The same seed gives the same draws on every
// machine.
class Resampler {
 public:
  Resampler(std::size_t units, std::uint64_t seed) : random_(seed), counts_(units) {}

  // The count of each unit in the next resample; valid until the next call.
  std::span<const std::uint32_t> next();

 private:
  std::mt19937_64 random_;
  std::vector<std::uint32_t> counts_;
};

// The 95 % interval from a statistic's values on resamples of `units` units: the expanded
// percentile interval, whose tail is Φ(−√(n/(n−1)) · t(0.975, n−1)) instead of 0.025 (Hesterberg
// 2015, "What teachers should know about the bootstrap", section 3.3), since the plain percentile
// interval is 22 % too narrow for 8 units. `value` is the statistic of the real data. No interval
// if units < kFewestUnits.
Estimate interval_of(double value, std::vector<double> resampled, std::size_t units);

// Σ part / Σ whole over units with its interval, from `resamples` resamples; NaN if Σ whole is 0.
// No interval if fewer than kFewestUnits units have a whole that is not 0.
Estimate ratio_of_sums(std::span<const double> part, std::span<const double> whole,
                       std::size_t resamples, std::uint64_t seed);
// The same with a whole of 1 for each unit: the share of units that have a part of 1.
Estimate share_of_units(std::span<const double> part, std::size_t resamples, std::uint64_t seed);

// The quantile p of sorted values, interpolated linearly at position p · (n − 1).
double quantile_of_sorted(std::span<const double> sorted, double p);

// The same for a resample in which sorted[i] occurs counts[unit[i]] times, for several ascending p
// at once. At least one count must be positive.
void resampled_quantiles(std::span<const double> sorted, std::span<const std::uint32_t> unit,
                         std::span<const std::uint32_t> counts, std::span<const double> p,
                         std::span<double> out);

}  // namespace cellm
