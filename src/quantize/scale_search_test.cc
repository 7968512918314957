#include "quantize/scale_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "format/formats.h"
#include "format/half.h"
#include "kernels/runnable_kernels.h"

namespace cellm {
namespace {

const CodeGrid& grid_of(FormatId id) {
  return *format_spec(id).grid;
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

double least_error(const CodeGrid& grid, const std::vector<float>& weights,
                   const std::vector<float>& importance) {
  double least = std::numeric_limits<double>::infinity();
  for (std::uint16_t bits = f32_to_f16(3e-3F); f16_to_f32(bits) < 1.5F; ++bits) {
    const auto scale = static_cast<double>(f16_to_f32(bits));
    least = std::min(least, error_by_trying(grid, weights, importance, scale));
    least = std::min(least, error_by_trying(grid, weights, importance, -scale));
  }
  return least;
}

class ScaleSearch : public ::testing::TestWithParam<KernelTable> {
 protected:
  std::uint16_t fit(const CodeGrid& grid, const std::vector<float>& weights,
                    const std::vector<float>& importance, std::vector<std::uint8_t>& codes) const {
    return fit_scale(GetParam(), grid, weights, importance, codes.data());
  }
};

// Against every f16 scale of either sign from next to nothing to twice the largest weight.
TEST_P(ScaleSearch, HardlyAnyScaleIsBetter) {
  std::mt19937 random(7);
  struct Case {
    FormatId id;
    std::size_t count;
    double worst;  // of any group, over the least error
    double mean;   // of all groups
  };
  for (const Case& c : {Case{FormatId::kI4, 7, 10.0, 1.1},
                        {FormatId::kI4, 32, 2.5, 1.02},
                        {FormatId::kI4, 100, 1.5, 1.01},
                        {FormatId::kI2, 7, 1.2, 1.01},
                        {FormatId::kI2, 32, 1.05, 1.001},
                        {FormatId::kI2, 100, 1.05, 1.001},
                        {FormatId::kQ1, 7, 1.0001, 1.0001},
                        {FormatId::kQ1, 100, 1.0001, 1.0001}}) {
    const CodeGrid& grid = grid_of(c.id);
    double sum = 0.0;
    double least_sum = 0.0;
    for (int trial = 0; trial < 40; ++trial) {
      const auto weights = random_weights(c.count, random);
      const auto importance =
          trial % 2 == 0 ? std::vector<float>{} : random_importance(c.count, random);
      std::vector<std::uint8_t> codes(c.count);
      const std::uint16_t scale = fit(grid, weights, importance, codes);
      const double rounding = kF16Rounding * power_of(weights, importance);
      const double got = error_of_codes(grid, weights, importance, codes, scale);
      const double least = least_error(grid, weights, importance) + rounding;
      EXPECT_LE(got, c.worst * least) << format_spec(c.id).name << " of " << c.count;
      sum += got;
      least_sum += least;
    }
    EXPECT_LE(sum, c.mean * least_sum) << format_spec(c.id).name << " of " << c.count;
  }
}

TEST_P(ScaleSearch, IsAtLeastAsGoodAsAbsmax) {
  std::mt19937 random(8);
  for (const FormatId id : {FormatId::kI8, FormatId::kI4}) {
    const CodeGrid& grid = grid_of(id);
    for (const std::size_t count : {1U, 2U, 16U, 300U, 1024U}) {
      const auto weights = random_weights(count, random);
      std::vector<std::uint8_t> codes(count);
      const std::uint16_t scale = fit(grid, weights, {}, codes);
      float largest = 0.0F;
      for (const float weight : weights) largest = std::max(largest, std::fabs(weight));
      const float by_largest = largest / static_cast<float>(grid.steps());
      const double absmax = error_by_trying(
          grid, weights, {}, static_cast<double>(f16_to_f32(f32_to_f16(by_largest))));
      EXPECT_LE(error_of_codes(grid, weights, {}, codes, scale),
                absmax * (1.0 + 1e-5) + kF16Rounding * power_of(weights, {}));
    }
  }
}

TEST_P(ScaleSearch, EveryTargetFindsTheSame) {
  std::mt19937 random(9);
  for (const FormatId id : {FormatId::kI8, FormatId::kI4, FormatId::kI2, FormatId::kQ1}) {
    for (const std::size_t count : {1U, 5U, 32U, 257U, 700U}) {
      const auto weights = random_weights(count, random);
      const auto importance = random_importance(count, random);
      std::vector<std::uint8_t> codes(count);
      std::vector<std::uint8_t> scalar_codes(count);
      EXPECT_EQ(
          fit(grid_of(id), weights, importance, codes),
          fit_scale(kernel_table("scalar"), grid_of(id), weights, importance, scalar_codes.data()));
      EXPECT_EQ(codes, scalar_codes);
    }
  }
}

TEST_P(ScaleSearch, FindsTheGridThatTheWeightsLieOn) {
  std::vector<std::uint8_t> codes(16);
  std::vector<float> weights(16);
  for (std::size_t i = 0; i < 16; ++i) weights[i] = 0.25F * (static_cast<float>(i) - 8.0F);
  EXPECT_EQ(f16_to_f32(fit(I4::kGrid, weights, {}, codes)), 0.25F);
  for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(codes[i], i);
  // The other way round only a negative scale reaches +8.
  for (auto& weight : weights) weight = -weight;
  EXPECT_EQ(f16_to_f32(fit(I4::kGrid, weights, {}, codes)), -0.25F);
  for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(codes[i], i);
}

TEST_P(ScaleSearch, ZerosAndTinyAndHugeWeights) {
  std::vector<std::uint8_t> codes(4);
  for (const FormatId id : {FormatId::kI8, FormatId::kI4, FormatId::kI2, FormatId::kQ1}) {
    const CodeGrid& grid = grid_of(id);
    for (const float size : {0.0F, 1e-38F, 1e-20F, 1e-7F, 1.0F, 65504.0F}) {
      const std::vector<float> weights{size, -size, 0.0F, size};
      const std::uint16_t bits = fit(grid, weights, {}, codes);
      const float scale = f16_to_f32(bits);
      ASSERT_TRUE(std::isfinite(scale)) << size;
      const double power = 3.0 * static_cast<double>(size) * static_cast<double>(size);
      // A zero cannot be had where the grid has none; f16 has nothing below 6e-8.
      const double worst = grid.has_zero() ? 1e-2 * power : 0.5 * power;
      EXPECT_LE(error_of_codes(grid, weights, {}, codes, bits), worst + 2e-14) << size;
    }
  }
}

TEST_P(ScaleSearch, WhatHasNoImportanceDoesNotSpoilTheRest) {
  std::vector<std::uint8_t> codes(8);
  const std::vector<float> weights{0.1F, -0.2F, 0.3F, 0.05F, -0.15F, 0.25F, 9.0F, 0.0F};
  std::vector<float> importance(8, 1.0F);
  importance[6] = 0.0F;
  EXPECT_LT(std::fabs(f16_to_f32(fit(I4::kGrid, weights, importance, codes))), 0.06F);
  // Importance that only zeros have says nothing.
  const std::vector<float> only_zero{0, 0, 0, 0, 0, 0, 0, 5.0F};
  EXPECT_EQ(fit(I4::kGrid, weights, only_zero, codes), fit(I4::kGrid, weights, {}, codes));
}

INSTANTIATE_TEST_SUITE_P(Targets, ScaleSearch, ::testing::ValuesIn(runnable_kernels()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace cellm
