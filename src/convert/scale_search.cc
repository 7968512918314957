#include "convert/scale_search.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/error.h"
#include "format/half.h"

namespace cellm {
namespace {

constexpr std::uint16_t kLargestScale = 0x7BFF;  // the largest finite f16
constexpr std::uint16_t kSmallestScale = 1;      // the smallest above zero
constexpr std::uint16_t kSign = 0x8000;
constexpr std::uint16_t kOne = 0x3C00;

// Scales of smaller groups are below the f16 numbers, and squares of such weights below f32's.
constexpr float kNothing = 0x1p-26F;

// Four floats at a time, by the compiler's vector extension: the same on every processor.
constexpr std::size_t kLanes = 4;
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

Lanes load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof(lanes));
  return lanes;
}

// Σ term(i) for i = 0, 4, 8, … < count, each of four elements.
template <class Term>
double sum_of(std::size_t count, Term&& term) {
  Lanes lanes{};
  for (std::size_t i = 0; i < count; i += kLanes) lanes += term(i);
  double sum = 0.0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) sum += static_cast<double>(lanes[lane]);
  return sum;
}

// The code nearest to a level, as a whole number; Value is float or Lanes.
template <class Value>
Value nearest_place(const CodeGrid& grid, Value ratio) {
  constexpr float kWhole = 0x1.8p23F;  // added to a small number, it leaves no room for a fraction
  const Value low = Value{} + 0.0F;
  const Value high = Value{} + static_cast<float>(grid.codes - 1);
  Value place = (ratio - grid.first) * (1.0F / grid.step);
  place = place > low ? place : low;
  place = place < high ? place : high;
  return (place + kWhole) - kWhole;
}

}  // namespace

// E(scale), every weight at its nearest level.
double ScaleSearch::error_at(const CodeGrid& grid, float scale) const {
  const float inverse = 1.0F / scale;
  return sum_of(weights_.size(), [&](std::size_t i) {
    const Lanes w = load(&weights_[i]);
    const Lanes level = grid.first + grid.step * nearest_place<Lanes>(grid, w * inverse);
    const Lanes difference = w - scale * level;
    return load(&importance_[i]) * difference * difference;
  });
}

// Inverse scales outside of the range cannot be the best: there, two parts of the error that only
// grow with the distance exceed the error of a scale that is known.
ScaleSearch::Range ScaleSearch::search_range(const CodeGrid& grid) const {
  constexpr float kStep = 0.85F;
  constexpr double kRounding = 1.001;  // the sums are of floats
  if (grid.steps() == 0) return {};    // one bit: no break-points
  const std::size_t count = weights_.size();
  const float top = -grid.first;  // the largest magnitude of any level
  const float absmax = largest_ / (grid.smallest() + grid.step * static_cast<float>(grid.steps()));

  float guess = absmax;
  double known = error_at(grid, guess);
  for (float next = guess * kStep;; next *= kStep) {
    const double error = error_at(grid, next);
    if (!(error < known)) break;
    guess = next;
    known = error;
  }
  known *= kRounding;

  // Small scales: what lies beyond the outermost level is too far from it.
  float small = guess;
  for (int tries = 0; tries < 64; ++tries, small *= kStep) {
    const double clipped = sum_of(count, [&](std::size_t i) {
      const Lanes beyond = load(&magnitudes_[i]) - small * top;
      const Lanes clipped_off = beyond > 0.0F ? beyond : Lanes{};
      return load(&importance_[i]) * clipped_off * clipped_off;
    });
    if (clipped > known) break;
  }
  // Large scales: too much is rounded to nothing. A grid without zero has few break-points there.
  float large = std::numeric_limits<float>::max();
  if (grid.codes > 16) {
    large = absmax * kInt8Slack;
  } else if (grid.has_zero()) {
    for (large = guess; large < 2.0F * largest_; large /= kStep) {
      const double lost = sum_of(count, [&](std::size_t i) {
        const Lanes a = load(&magnitudes_[i]);
        const Lanes inside = a < large / 2.0F ? a : Lanes{};
        return load(&importance_[i]) * inside * inside;
      });
      if (lost > known) break;
    }
  }
  return {1.0F / large, 1.0F / small};
}

// All break-points of the range in order, and the levels at its low end. They are spread almost
// evenly, so one pass over buckets leaves little to sort.
void ScaleSearch::collect_events(const CodeGrid& grid, const Range& range) {
  constexpr std::size_t kBucketsPerWeight = 4;
  constexpr std::uint32_t kSmallBucket = 16;
  const unsigned levels = grid.steps() + (grid.has_zero() ? 1 : 0);
  const float border = grid.smallest() / grid.step + 0.5F;  // of level 0 to level 1, in steps
  const float low = std::max(range.low / grid.step, border / largest_);
  const float high = range.high / grid.step;
  const std::size_t buckets = kBucketsPerWeight * weights_.size();
  const auto last_bucket = static_cast<float>(buckets - 1);
  const float factor = last_bucket / std::max(high - low, low * 1e-6F);
  const auto bucket_of = [&](float at) {
    const float place = (at - low) * factor;
    return static_cast<std::uint32_t>(static_cast<int>(std::min(place, last_bucket)));
  };
  level_.resize(weights_.size());
  starts_.assign(buckets + 1, 0);
  std::size_t count = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const float a = magnitudes_[i];
    const auto first = static_cast<int>(std::max(0.0F, a * low - border + 1.0F));
    const auto end =
        static_cast<int>(std::clamp(a * high - border + 1.0F, 0.0F, static_cast<float>(levels)));
    level_[i] = std::min(static_cast<unsigned>(first), levels);
    if (first >= end) continue;
    if (unsorted_.size() < count + levels) unsorted_.resize(2 * count + levels);
    const float inverse = 1.0F / a;
    for (int level = first; level < end; ++level) {
      const float at = std::max(low, (border + static_cast<float>(level)) * inverse);
      unsorted_[count++] = {at, static_cast<std::uint32_t>(i)};
      ++starts_[bucket_of(at)];
    }
  }
  std::uint32_t total = 0;
  std::uint32_t fullest = 0;
  for (std::uint32_t& start : starts_) {
    fullest = std::max(fullest, start);
    total += std::exchange(start, total);
  }
  events_.resize(count);
  for (std::size_t e = 0; e < count; ++e) {
    events_[starts_[bucket_of(unsorted_[e].inverse_scale)]++] = unsorted_[e];
  }
  const auto earlier = [](const Event& a, const Event& b) {
    return a.inverse_scale < b.inverse_scale;
  };
  if (fullest > kSmallBucket) {
    std::sort(events_.begin(), events_.end(), earlier);
    return;
  }
  // Buckets are in order, so this moves nothing further than within one.
  for (std::size_t e = 1; e < count; ++e) {
    const Event event = events_[e];
    std::size_t to = e;
    for (; to > 0 && earlier(event, events_[to - 1]); --to) events_[to] = events_[to - 1];
    events_[to] = event;
  }
}

namespace {

// Σ h w l and Σ h l², and what they were when their quotient was the best scale.
struct Sums {
  double weight_level = 0.0;
  double level_square = 0.0;
  double best_weight_level = 0.0;
  double best_level_square = 1.0;

  void add(double weight, double square) {
    weight_level += weight;
    level_square += square;
  }
  void compare() {
    const bool better = weight_level * weight_level * best_level_square >
                        best_weight_level * best_weight_level * level_square;
    best_weight_level = better ? weight_level : best_weight_level;
    best_level_square = better ? level_square : best_level_square;
  }
  double explained() const { return best_weight_level * best_weight_level / best_level_square; }
  double scale() const { return best_weight_level / best_level_square; }
};

}  // namespace

// The best real scale; negative if positive weights are to have the one level more.
float ScaleSearch::sweep(const CodeGrid& grid) {
  const unsigned shared = grid.steps();
  const auto step = static_cast<double>(grid.step);
  const auto smallest = static_cast<double>(grid.smallest());
  const auto weight_of = [&](std::size_t i) {
    return static_cast<double>(importance_[i]) * static_cast<double>(magnitudes_[i]);
  };
  const auto visit = [&](Sums& sums, std::size_t i, unsigned level) {
    const double gained = step * (2.0 * (smallest + step * level) + step);  // l² of the next level
    sums.add(weight_of(i) * step, static_cast<double>(importance_[i]) * gained);
  };
  Sums sums;
  bool beyond = false;  // whether a weight has reached the one level more
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const double level = smallest + step * std::min(level_[i], shared);
    sums.add(weight_of(i) * level, static_cast<double>(importance_[i]) * level * level);
    beyond = beyond || level_[i] > shared;
  }
  sums.compare();
  auto event = events_.begin();
  for (; !beyond && event != events_.end(); ++event) {
    const unsigned level = level_[event->weight];
    if (level == shared) break;
    ++level_[event->weight];
    visit(sums, event->weight, level);
    sums.compare();
  }
  // From here on the sums of the two signs part.
  Sums positive = sums;
  Sums negative = sums;
  const auto visit_sign = [&](std::size_t i, unsigned level) {
    if (level < shared || weights_[i] > 0.0F) visit(positive, i, level);
    if (level < shared || !(weights_[i] > 0.0F)) visit(negative, i, level);
    positive.compare();
    negative.compare();
  };
  for (std::size_t i = 0; beyond && i < weights_.size(); ++i) {
    if (level_[i] > shared) visit_sign(i, shared);
  }
  for (; event != events_.end(); ++event) visit_sign(event->weight, level_[event->weight]++);
  return static_cast<float>(positive.explained() > negative.explained() ? -positive.scale()
                                                                        : negative.scale());
}

FittedScale ScaleSearch::fit(const CodeGrid& grid, std::span<const float> weights,
                             std::span<const float> importance, std::uint8_t* codes) {
  CELLM_CHECK(!weights.empty() && (importance.empty() || importance.size() == weights.size()));
  // Filled up with weights of no importance.
  const std::size_t padded = (weights.size() + kLanes - 1) / kLanes * kLanes;
  weights_.assign(padded, 0.0F);
  importance_.assign(padded, 0.0F);
  magnitudes_.resize(padded);
  std::copy(weights.begin(), weights.end(), weights_.begin());
  std::copy(importance.begin(), importance.end(), importance_.begin());
  largest_ = 0.0F;
  bool matters = false;
  for (std::size_t i = 0; i < padded; ++i) {
    magnitudes_[i] = std::fabs(weights_[i]);
    largest_ = std::max(largest_, magnitudes_[i]);
    matters = matters || importance_[i] * magnitudes_[i] > 0.0F;
  }
  if (!matters) std::fill_n(importance_.begin(), weights.size(), 1.0F);

  const auto encode = [&](std::uint16_t bits) {
    const float inverse = 1.0F / f16_to_f32(bits);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      codes[i] = static_cast<std::uint8_t>(nearest_place<float>(grid, weights[i] * inverse));
    }
    return FittedScale{bits, error_at(grid, f16_to_f32(bits))};
  };
  if (largest_ == 0.0F) return encode(grid.has_zero() ? kOne : kSmallestScale);
  if (largest_ < kNothing) return encode(kSmallestScale);

  const Range range = search_range(grid);
  collect_events(grid, range);
  const float best = sweep(grid);
  const std::uint16_t sign = best < 0.0F ? kSign : 0;
  const std::uint16_t nearest =
      std::clamp(f32_to_f16(std::fabs(best)), kSmallestScale, kLargestScale);
  std::uint16_t chosen = nearest;
  double least = std::numeric_limits<double>::infinity();
  for (const int step : {0, -1, 1}) {
    const int bits = nearest + step;
    if (bits < kSmallestScale || bits > kLargestScale) continue;
    const auto candidate = static_cast<std::uint16_t>(bits | sign);
    const double error = error_at(grid, f16_to_f32(candidate));
    if (error < least) {
      least = error;
      chosen = candidate;
    }
  }
  return encode(chosen);
}

}  // namespace cellm
