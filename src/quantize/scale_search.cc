#include "quantize/scale_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

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

// Scales tried of each sign before testing whether smaller ones can be better, and the ratio of
// each to the one before.
constexpr std::size_t kPerSign = kScalesTogether / 2;
constexpr float kFall = 0.84F;
// Weights that were quantized before may have used the inner levels only.
constexpr float kFirst = 1.0F / (kFall * kFall * kFall * kFall);  // of max|w| / outermost level

// Weights whose sums are added up in f32.
constexpr std::size_t kChunk = 256;

class Search {
 public:
  Search(const KernelTable& kernels, const CodeGrid& grid, std::span<const float> weights,
         const float* importance)
      : kernels_(kernels),
        levels_{grid.first, grid.step, static_cast<float>(grid.codes - 1)},
        weights_(weights),
        importance_(importance) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const auto w = static_cast<double>(weights[i]);
      power_ += importance_of(i) * w * w;
    }
  }

  // Keeps the best of the scales, if it is better than all before.
  void look_at(const std::array<float, kScalesTogether>& scales) {
    std::array<double, kScalesTogether> weight_level{};
    std::array<double, kScalesTogether> level_square{};
    for (std::size_t begin = 0; begin < weights_.size(); begin += kChunk) {
      std::array<float, kScalesTogether> products;
      std::array<float, kScalesTogether> squares;
      kernels_.level_sums(levels_, weights_.data() + begin,
                          importance_ == nullptr ? nullptr : importance_ + begin,
                          std::min(kChunk, weights_.size() - begin), scales.data(), products.data(),
                          squares.data());
      for (std::size_t k = 0; k < kScalesTogether; ++k) {
        weight_level[k] += static_cast<double>(products[k]);
        level_square[k] += static_cast<double>(squares[k]);
      }
    }
    for (std::size_t k = 0; k < kScalesTogether; ++k) {
      if (!(level_square[k] > 0.0)) continue;
      const double explained = weight_level[k] * weight_level[k] / level_square[k];
      if (!(explained > explained_)) continue;
      explained_ = explained;
      tried_ = scales[k];
      best_ = weight_level[k] / level_square[k];
    }
  }

  // Whether all smaller scales are worse than the best: the error of clipping alone is larger.
  bool excludes_below(float scale) const {
    const float top = scale * -levels_.first;  // the largest magnitude of any level
    double clipped = 0.0;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const auto beyond = static_cast<double>(std::max(0.0F, std::fabs(weights_[i]) - top));
      clipped += importance_of(i) * beyond * beyond;
    }
    return clipped > power_ - explained_;
  }

  float tried() const { return tried_; }
  float best() const { return static_cast<float>(best_); }

 private:
  double importance_of(std::size_t i) const {
    return importance_ == nullptr ? 1.0 : static_cast<double>(importance_[i]);
  }

  const KernelTable& kernels_;
  Levels levels_;
  std::span<const float> weights_;
  const float* importance_;
  double power_ = 0.0;      // Σ h w²
  double explained_ = 0.0;  // of it, by the best scale
  double best_ = 0.0;       // the scale, by least squares
  float tried_ = 0.0F;      // that gave its codes
};

float best_scale(Search search, const CodeGrid& grid, float absmax) {
  std::array<float, kScalesTogether> scales{};
  float scale = absmax * kFirst;
  do {
    for (std::size_t k = 0; k < kPerSign; ++k, scale *= kFall) {
      scales[k] = scale;
      scales[k + kPerSign] = -scale;
    }
    search.look_at(scales);
    if (grid.steps() == 0) return search.best();  // one bit: the scale decides about no code
  } while (scale > f16_to_f32(kSmallestScale) && !search.excludes_below(scale));
  const float low = search.tried() * kFall;
  const float high = search.tried() / kFall;
  for (std::size_t k = 0; k < kScalesTogether; ++k) {
    scales[k] = low + (high - low) * static_cast<float>(k + 1) / (kScalesTogether + 1);
  }
  search.look_at(scales);
  return search.best();
}

}  // namespace

std::uint16_t fit_scale(const KernelTable& kernels, const CodeGrid& grid,
                        std::span<const float> weights, std::span<const float> importance,
                        std::uint8_t* codes) {
  CELLM_CHECK(!weights.empty() && (importance.empty() || importance.size() == weights.size()));
  float largest = 0.0F;
  bool matters = false;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float magnitude = std::fabs(weights[i]);
    largest = std::max(largest, magnitude);
    matters = matters || (!importance.empty() && importance[i] * magnitude > 0.0F);
  }
  const auto encode = [&](std::uint16_t bits) {
    const float inverse = 1.0F / f16_to_f32(bits);
    for (std::size_t i = 0; i < weights.size(); ++i) codes[i] = grid.nearest(weights[i] * inverse);
    return bits;
  };
  if (largest == 0.0F) return encode(grid.has_zero() ? kOne : kSmallestScale);
  if (largest < kNothing) return encode(kSmallestScale);

  const float absmax = largest / (grid.smallest() + grid.step * static_cast<float>(grid.steps()));
  const float best = best_scale(
      Search(kernels, grid, weights, matters ? importance.data() : nullptr), grid, absmax);
  const std::uint16_t bits = std::clamp(f32_to_f16(std::fabs(best)), kSmallestScale, kLargestScale);
  return encode(static_cast<std::uint16_t>(bits | (best < 0.0F ? kSign : 0)));
}

}  // namespace cellm
