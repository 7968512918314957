#include "convert/scale_search.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "format/formats.h"
#include "format/half.h"

namespace cellm {
namespace {

const CodeGrid& grid_of(FormatId id) {
  return *format_info(id).grid;
}

// Gaussian weights; some groups with an outlier, with equal values or with zeros among them.
std::vector<float> random_weights(std::size_t count, std::mt19937& random) {
  std::normal_distribution<float> normal(0.0F, 0.05F);
  std::vector<float> weights(count);
  for (auto& weight : weights) weight = normal(random);
  switch (random() % 4) {
    case 0:
      weights[random() % count] *= 12.0F;
      break;
    case 1:
      for (auto& weight : weights) weight = std::round(weight * 40.0F) / 40.0F;
      weights[0] = 0.07F;
      break;
    default:
      break;
  }
  return weights;
}

std::vector<float> random_importance(std::size_t count, std::mt19937& random) {
  std::lognormal_distribution<float> wide(0.0F, 1.5F);
  std::vector<float> importance(count);
  for (auto& value : importance) value = wide(random);
  return importance;
}

// The error of a scale with every weight at the nearest of all levels, found by trying them.
double error_by_trying(const CodeGrid& grid, const std::vector<float>& weights,
                       const std::vector<float>& importance, double scale) {
  double total = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (unsigned u = 0; u < grid.codes; ++u) {
      const double d = static_cast<double>(weights[i]) - scale * static_cast<double>(grid.level(u));
      least = std::min(least, d * d);
    }
    total += least * (importance.empty() ? 1.0 : static_cast<double>(importance[i]));
  }
  return total;
}

double error_of_codes(const CodeGrid& grid, const std::vector<float>& weights,
                      const std::vector<float>& importance, const std::vector<std::uint8_t>& codes,
                      std::uint16_t scale) {
  double total = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double d = static_cast<double>(weights[i]) -
                     static_cast<double>(grid.level(codes[i]) * f16_to_f32(scale));
    total += d * d * (importance.empty() ? 1.0 : static_cast<double>(importance[i]));
  }
  return total;
}

// Σ h w²; times the square of half a step of f16 it is what rounding the scale may cost.
double power_of(const std::vector<float>& weights, const std::vector<float>& importance) {
  double total = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto w = static_cast<double>(weights[i]);
    total += w * w * (importance.empty() ? 1.0 : static_cast<double>(importance[i]));
  }
  return total;
}
constexpr double kF16Rounding = 0x1p-22;

// Against every f16 scale of either sign from next to nothing to twice the largest weight.
TEST(ScaleSearch, NoScaleIsBetter) {
  std::mt19937 random(7);
  ScaleSearch search;
  for (const FormatId id : {FormatId::kI4, FormatId::kI2, FormatId::kQ1}) {
    const CodeGrid& grid = grid_of(id);
    for (const std::size_t count : {1U, 2U, 7U, 32U, 100U}) {
      for (int trial = 0; trial < 4; ++trial) {
        const auto weights = random_weights(count, random);
        const auto importance =
            trial % 2 == 0 ? std::vector<float>{} : random_importance(count, random);
        std::vector<std::uint8_t> codes(count);
        const FittedScale fitted = search.fit(grid, weights, importance, codes.data());
        const double got = error_of_codes(grid, weights, importance, codes, fitted.scale);
        EXPECT_NEAR(fitted.error, got, 1e-5 * got + 1e-12);
        double least = std::numeric_limits<double>::infinity();
        for (std::uint16_t bits = f32_to_f16(3e-3F); f16_to_f32(bits) < 1.5F; ++bits) {
          const auto scale = static_cast<double>(f16_to_f32(bits));
          least = std::min(least, error_by_trying(grid, weights, importance, scale));
          least = std::min(least, error_by_trying(grid, weights, importance, -scale));
        }
        EXPECT_LE(got, least * (1.0 + 1e-4) + kF16Rounding * power_of(weights, importance))
            << format_info(id).name << " of " << count;
      }
    }
  }
}

TEST(ScaleSearch, Int8IsAtLeastAsGoodAsAbsmax) {
  std::mt19937 random(8);
  ScaleSearch search;
  for (const std::size_t count : {1U, 16U, 300U, 1024U}) {
    const auto weights = random_weights(count, random);
    std::vector<std::uint8_t> codes(count);
    const FittedScale fitted = search.fit(I8::kGrid, weights, {}, codes.data());
    float largest = 0.0F;
    for (const float weight : weights) largest = std::max(largest, std::fabs(weight));
    const double absmax = error_by_trying(
        I8::kGrid, weights, {}, static_cast<double>(f16_to_f32(f32_to_f16(largest / 127.0F))));
    EXPECT_LE(error_of_codes(I8::kGrid, weights, {}, codes, fitted.scale),
              absmax * (1.0 + 1e-5) + kF16Rounding * power_of(weights, {}));
  }
}

TEST(ScaleSearch, FindsTheGridThatTheWeightsLieOn) {
  ScaleSearch search;
  std::vector<std::uint8_t> codes(16);
  std::vector<float> weights(16);
  for (std::size_t i = 0; i < 16; ++i) weights[i] = 0.25F * (static_cast<float>(i) - 8.0F);
  FittedScale fitted = search.fit(I4::kGrid, weights, {}, codes.data());
  EXPECT_EQ(f16_to_f32(fitted.scale), 0.25F);
  EXPECT_EQ(fitted.error, 0.0);
  for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(codes[i], i);
  // The other way round only a negative scale reaches +8.
  for (auto& weight : weights) weight = -weight;
  fitted = search.fit(I4::kGrid, weights, {}, codes.data());
  EXPECT_EQ(f16_to_f32(fitted.scale), -0.25F);
  EXPECT_EQ(fitted.error, 0.0);
  for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(codes[i], i);
}

TEST(ScaleSearch, ZerosAndTinyAndHugeWeights) {
  ScaleSearch search;
  std::vector<std::uint8_t> codes(4);
  for (const FormatId id : {FormatId::kI8, FormatId::kI4, FormatId::kI2, FormatId::kQ1}) {
    const CodeGrid& grid = grid_of(id);
    for (const float size : {0.0F, 1e-38F, 1e-20F, 1e-7F, 1.0F, 65504.0F}) {
      const std::vector<float> weights{size, -size, 0.0F, size};
      const FittedScale fitted = search.fit(grid, weights, {}, codes.data());
      const float scale = f16_to_f32(fitted.scale);
      ASSERT_TRUE(std::isfinite(scale)) << size;
      const double power = 3.0 * static_cast<double>(size) * static_cast<double>(size);
      // A zero cannot be had where the grid has none; f16 has nothing below 6e-8.
      const double worst = grid.has_zero() ? 1e-2 * power : 0.5 * power;
      EXPECT_LE(error_of_codes(grid, weights, {}, codes, fitted.scale), worst + 2e-14) << size;
    }
  }
}

TEST(ScaleSearch, WhatHasNoImportanceDoesNotSpoilTheRest) {
  ScaleSearch search;
  std::vector<std::uint8_t> codes(8);
  const std::vector<float> weights{0.1F, -0.2F, 0.3F, 0.05F, -0.15F, 0.25F, 9.0F, 0.0F};
  std::vector<float> importance(8, 1.0F);
  importance[6] = 0.0F;
  const FittedScale fitted = search.fit(I4::kGrid, weights, importance, codes.data());
  EXPECT_LT(f16_to_f32(fitted.scale) * f16_to_f32(fitted.scale), 0.06F * 0.06F);
  // Importance that only zeros have says nothing.
  const std::vector<float> only_zero{0, 0, 0, 0, 0, 0, 0, 5.0F};
  const FittedScale plain = search.fit(I4::kGrid, weights, {}, codes.data());
  EXPECT_EQ(search.fit(I4::kGrid, weights, only_zero, codes.data()).scale, plain.scale);
}

}  // namespace
}  // namespace cellm
