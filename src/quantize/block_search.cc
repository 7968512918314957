#include "quantize/block_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "format/half.h"

namespace cellm {
namespace {

// Steps that are tried for a group.
constexpr int kSteps = 20;
// Of a group with an offset: parts of the range that are cut off below.
constexpr std::array<float, 3> kCuts{0.0F, 0.04F, 0.08F};
// Scales that are tried for a block, and the smallest relative to the largest multiplier.
constexpr int kScales = 12;
constexpr float kSmallestTop = 0.6F;
// Rounds of multipliers, then scale and minimum.
constexpr int kRounds = 3;

// The nearest f16 number that is finite.
std::uint16_t half_of(double value) {
  const auto limit = static_cast<double>(kLargestF16);
  return f32_to_f16(static_cast<float>(std::clamp(value, -limit, limit)));
}

// Rounds to a whole number between two limits.
float whole(float value, float low, float high) {
  constexpr float kWhole = 0x1.8p23F;  // added to a small number, it leaves no room for a fraction
  return (std::clamp(value, low, high) + kWhole) - kWhole;
}

}  // namespace

// Over the weights w of a group with importances h and levels l.
struct BlockSearch::Sums {
  double h = 0.0;
  double hw = 0.0;
  double hww = 0.0;
  double hl = 0.0;
  double hll = 0.0;
  double hwl = 0.0;

  double error(double step, double offset) const {
    return hww - 2.0 * (step * hwl + offset * hw) + step * step * hll + 2.0 * step * offset * hl +
           offset * offset * h;
  }
};

struct BlockSearch::Fit {
  GroupStep step;
  Sums sums;  // with the levels of the step
};

GroupStep group_step(const BlockCoding& coding, const BlockNumbers& numbers, std::size_t group) {
  const float scale = f16_to_f32(numbers.scale);
  GroupStep result{scale, 0.0F};
  if (!coding.is_one_group()) {
    result.step = scale * static_cast<float>(numbers.multipliers[group]);
  }
  if (!coding.has_minimum()) return result;
  const float minimum = f16_to_f32(numbers.minimum);
  result.offset =
      coding.is_one_group() ? minimum : minimum * static_cast<float>(numbers.minima[group]);
  result.offset *= coding.minimum_sign;
  return result;
}

BlockSearch::BlockSearch(const BlockCoding& coding) : coding_(coding) {
  if (coding.even) return;
  for (std::size_t i = 1; i < coding.levels.size(); ++i) {
    between_.push_back(
        0.5F * (static_cast<float>(coding.levels[i - 1]) + static_cast<float>(coding.levels[i])));
  }
}

std::uint8_t BlockSearch::nearest(float weight, const GroupStep& step) const {
  const float ratio = step.step == 0.0F ? 0.0F : (weight - step.offset) / step.step;
  if (coding_.even) {
    const auto first = static_cast<float>(coding_.levels.front());
    const auto last = static_cast<float>(coding_.levels.back());
    return static_cast<std::uint8_t>(whole(ratio, first, last) - first);
  }
  std::uint8_t code = 0;
  for (const float middle : between_) code = static_cast<std::uint8_t>(code + (ratio > middle));
  return code;
}

BlockSearch::Sums BlockSearch::sums(const float* weights, const float* importance, float inverse,
                                    float offset) const {
  const auto first = static_cast<float>(coding_.levels.front());
  const auto last = static_cast<float>(coding_.levels.back());
  Sums sum;
  for (std::size_t i = 0; i < coding_.group; ++i) {
    const float ratio = (weights[i] - offset) * inverse;
    float level = 0.0F;
    if (coding_.even) {
      level = whole(ratio, first, last);
    } else {
      std::size_t code = 0;
      for (const float middle : between_) code += ratio > middle ? 1U : 0U;
      level = static_cast<float>(coding_.levels[code]);
    }
    const auto h = importance == nullptr ? 1.0 : static_cast<double>(importance[i]);
    const auto w = static_cast<double>(weights[i]);
    const auto l = static_cast<double>(level);
    sum.h += h;
    sum.hw += h * w;
    sum.hww += h * w * w;
    sum.hl += h * l;
    sum.hll += h * l * l;
    sum.hwl += h * w * l;
  }
  return sum;
}

double BlockSearch::error_of(const float* weights, const float* importance, const GroupStep& step,
                             Sums& result) const {
  result = sums(weights, importance, step.step == 0.0F ? 0.0F : 1.0F / step.step, step.offset);
  return result.error(static_cast<double>(step.step), static_cast<double>(step.offset));
}

BlockSearch::Fit BlockSearch::fit_step(const float* weights, const float* importance) const {
  float top = 0.0F;
  for (std::size_t i = 0; i < coding_.group; ++i) top = std::max(top, std::fabs(weights[i]));
  Fit best;
  if (top == 0.0F) return best;
  const float outermost = -static_cast<float>(coding_.levels.front());
  const float half = static_cast<float>(coding_.levels.size()) / 2.0F;
  const float low = 1.0F - 0.9F / half;
  const float high = 1.15F + 2.0F / half;
  double explained = 0.0;
  const auto look_at = [&](float step) {
    const Sums sum = sums(weights, importance, 1.0F / step, 0.0F);
    if (!(sum.hll > 0.0)) return;
    const double now = sum.hwl * sum.hwl / sum.hll;
    if (!(now > explained)) return;
    explained = now;
    best = {{static_cast<float>(sum.hwl / sum.hll), 0.0F}, sum};
  };
  for (const float sign : {1.0F, -1.0F}) {
    for (int k = 0; k < kSteps; ++k) {
      const float reach = low + (high - low) * static_cast<float>(k) / (kSteps - 1);
      look_at(sign * top / (outermost * reach));
    }
  }
  for (int round = 0; round < 2 && best.step.step != 0.0F; ++round) look_at(best.step.step);
  return best;
}

BlockSearch::Fit BlockSearch::fit_step_and_offset(const float* weights,
                                                  const float* importance) const {
  const auto [low, high] = std::minmax_element(weights, weights + coding_.group);
  const bool below_zero = coding_.minimum_sign < 0.0F;  // only offsets up to 0
  const float begin = below_zero ? std::min(*low, 0.0F) : *low;
  const float range = *high - begin;
  Fit best;
  double least = std::numeric_limits<double>::infinity();
  const auto look_at = [&](float step, float offset) {
    const Sums sum = sums(weights, importance, step == 0.0F ? 0.0F : 1.0F / step, offset);
    const double determinant = sum.h * sum.hll - sum.hl * sum.hl;
    double s = 0.0;
    double o = sum.h > 0.0 ? sum.hw / sum.h : 0.0;
    if (determinant > 1e-9 * sum.h * sum.hll) {
      s = (sum.h * sum.hwl - sum.hw * sum.hl) / determinant;
      o = (sum.hll * sum.hw - sum.hl * sum.hwl) / determinant;
    }
    if (below_zero && o > 0.0) {
      o = 0.0;
      s = sum.hll > 0.0 ? sum.hwl / sum.hll : 0.0;
    }
    if (s < 0.0) return;
    const double error = sum.error(s, o);
    if (!(error < least)) return;
    least = error;
    best = {{static_cast<float>(s), static_cast<float>(o)}, sum};
  };
  if (!(range > 0.0F)) {
    look_at(0.0F, begin);
    return best;
  }
  const auto top = static_cast<float>(coding_.levels.size() - 1);
  for (const float cut : kCuts) {
    const float offset = begin + cut * range;
    for (int k = 0; k < kSteps; ++k) {
      const float reach = top - 0.9F + 2.4F * static_cast<float>(k) / (kSteps - 1);
      look_at((*high - offset) / reach, offset);
    }
  }
  for (int round = 0; round < 2; ++round) look_at(best.step.step, best.step.offset);
  return best;
}

BlockSearch::Fit BlockSearch::fit_group(const float* weights, const float* importance) const {
  return coding_.has_minimum() ? fit_step_and_offset(weights, importance)
                               : fit_step(weights, importance);
}

void BlockSearch::choose_one(const Fit& fit, BlockNumbers& numbers) const {
  numbers.multipliers[0] = 1;
  numbers.scale = half_of(static_cast<double>(fit.step.step));
  if (!coding_.has_minimum()) return;
  numbers.minima[0] = 1;
  numbers.minimum = half_of(static_cast<double>(fit.step.offset * coding_.minimum_sign));
}

namespace {

// The scale of least Σ weight · (value − scale · multiplier)², the multipliers being the nearest
// whole numbers in [least, greatest].
double shared_scale(std::span<const float> values, std::span<const double> weights, int least,
                    int greatest) {
  float top = 0.0F;
  for (const float value : values) {
    if (std::fabs(value) > std::fabs(top)) top = value;
  }
  if (top == 0.0F) return 0.0;
  float best = 0.0F;
  double least_cost = std::numeric_limits<double>::infinity();
  for (const int end : {least, greatest}) {
    if (end == 0) continue;
    for (int k = 0; k < kScales; ++k) {
      const float reach = 1.0F - (1.0F - kSmallestTop) * static_cast<float>(k) / (kScales - 1);
      const float multiplier = std::round(static_cast<float>(end) * reach);
      if (multiplier == 0.0F) continue;
      const float scale = top / multiplier;
      double cost = 0.0;
      for (std::size_t g = 0; g < values.size(); ++g) {
        const float nearest =
            whole(values[g] / scale, static_cast<float>(least), static_cast<float>(greatest));
        const auto error = static_cast<double>(values[g] - scale * nearest);
        cost += weights[g] * error * error;
      }
      if (cost < least_cost) {
        least_cost = cost;
        best = scale;
      }
    }
  }
  return static_cast<double>(best);
}

int nearest_multiple(float value, float unit, int least, int greatest) {
  if (unit == 0.0F) return std::clamp(0, least, greatest);
  return static_cast<int>(
      whole(value / unit, static_cast<float>(least), static_cast<float>(greatest)));
}

}  // namespace

void BlockSearch::set_multiples(const GroupStep& step, std::size_t group,
                                BlockNumbers& numbers) const {
  numbers.multipliers[group] = static_cast<std::int8_t>(nearest_multiple(
      step.step, f16_to_f32(numbers.scale), coding_.least_multiplier, coding_.greatest_multiplier));
  if (!coding_.has_minimum()) return;
  numbers.minima[group] = static_cast<std::uint8_t>(
      nearest_multiple(step.offset * coding_.minimum_sign, f16_to_f32(numbers.minimum), 0,
                       coding_.greatest_minimum));
}

void BlockSearch::choose_multiples(const float* weights, const float* importance, std::size_t group,
                                   BlockNumbers& numbers) const {
  set_multiples(fit_group(weights, importance).step, group, numbers);
}

double BlockSearch::improve_multipliers(const float* weights, const float* importance,
                                        BlockNumbers& numbers, std::vector<Sums>& all) const {
  double total = 0.0;
  for (std::size_t g = 0; g < coding_.groups(); ++g) {
    const std::size_t at = g * coding_.group;
    const float* h = importance == nullptr ? nullptr : importance + at;
    const int first_multiplier = numbers.multipliers[g] - 1;
    const int minimum = numbers.minima[g];
    double least = std::numeric_limits<double>::infinity();
    BlockNumbers tried = numbers;
    for (int m = first_multiplier; m <= first_multiplier + 2; ++m) {
      if (m < coding_.least_multiplier || m > coding_.greatest_multiplier) continue;
      for (int o = minimum - 1; o <= minimum + 1; ++o) {
        if (o < 0 || o > coding_.greatest_minimum) continue;
        tried.multipliers[g] = static_cast<std::int8_t>(m);
        tried.minima[g] = static_cast<std::uint8_t>(o);
        Sums sum;
        const double error = error_of(weights + at, h, group_step(coding_, tried, g), sum);
        if (!(error < least)) continue;
        least = error;
        all[g] = sum;
        numbers.multipliers[g] = tried.multipliers[g];
        numbers.minima[g] = tried.minima[g];
      }
    }
    total += least;
  }
  return total;
}

void BlockSearch::refit(BlockNumbers& numbers, const std::vector<Sums>& sums) const {
  double aa = 0.0;
  double ab = 0.0;
  double bb = 0.0;
  double wa = 0.0;
  double wb = 0.0;
  for (std::size_t g = 0; g < sums.size(); ++g) {
    const auto a = static_cast<double>(numbers.multipliers[g]);
    const double b =
        static_cast<double>(numbers.minima[g]) * static_cast<double>(coding_.minimum_sign);
    aa += a * a * sums[g].hll;
    ab += a * b * sums[g].hl;
    bb += b * b * sums[g].h;
    wa += a * sums[g].hwl;
    wb += b * sums[g].hw;
  }
  const double determinant = aa * bb - ab * ab;
  if (determinant > 1e-9 * aa * bb && coding_.has_minimum()) {
    numbers.scale = half_of((wa * bb - wb * ab) / determinant);
    numbers.minimum = half_of((wb * aa - wa * ab) / determinant);
  } else if (aa > 0.0) {
    const auto minimum = static_cast<double>(f16_to_f32(numbers.minimum));
    numbers.scale = half_of((wa - minimum * ab) / aa);
  }
}

void BlockSearch::choose_many(const float* weights, const float* importance,
                              const std::vector<Fit>& fits, BlockNumbers& numbers) const {
  const std::size_t groups = coding_.groups();
  std::array<float, kMaxBlockGroups> steps{};
  std::array<double, kMaxBlockGroups> step_costs{};
  std::array<float, kMaxBlockGroups> offsets{};
  std::array<double, kMaxBlockGroups> offset_costs{};
  for (std::size_t g = 0; g < groups; ++g) {
    steps[g] = fits[g].step.step;
    step_costs[g] = fits[g].sums.hll;
    offsets[g] = fits[g].step.offset * coding_.minimum_sign;
    offset_costs[g] = fits[g].sums.h;
  }
  BlockNumbers now = numbers;
  now.scale =
      half_of(shared_scale(std::span(steps).first(groups), std::span(step_costs).first(groups),
                           coding_.least_multiplier, coding_.greatest_multiplier));
  if (coding_.has_minimum()) {
    now.minimum =
        half_of(shared_scale(std::span(offsets).first(groups),
                             std::span(offset_costs).first(groups), 0, coding_.greatest_minimum));
  }
  for (std::size_t g = 0; g < groups; ++g) set_multiples(fits[g].step, g, now);
  std::vector<Sums> all(groups);
  double least = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kRounds; ++round) {
    const double error = improve_multipliers(weights, importance, now, all);
    if (!(error < least)) break;
    least = error;
    numbers = now;
    refit(now, all);
  }
}

void BlockSearch::choose(const float* weights, const float* importance,
                         BlockNumbers& numbers) const {
  numbers.scale = 0;
  numbers.minimum = 0;
  numbers.multipliers.fill(0);
  numbers.minima.fill(0);
  std::vector<Fit> fits(coding_.groups());
  for (std::size_t g = 0; g < fits.size(); ++g) {
    const std::size_t at = g * coding_.group;
    fits[g] = fit_group(weights + at, importance == nullptr ? nullptr : importance + at);
  }
  if (coding_.is_one_group()) {
    choose_one(fits.front(), numbers);
  } else {
    choose_many(weights, importance, fits, numbers);
  }
}

}  // namespace cellm
