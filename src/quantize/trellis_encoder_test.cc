#include "quantize/trellis_encoder.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "format/formats.h"

namespace cellm {
namespace {

constexpr FormatId kAll[] = {FormatId::kT4, FormatId::kT3, FormatId::kT2, FormatId::kT1H,
                             FormatId::kT1};

std::vector<float> gaussian(std::size_t count, unsigned seed, float deviation) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, deviation);
  std::vector<float> values(count);
  for (auto& value : values) value = normal(random);
  return values;
}

// The error relative to the variance of weights that the table was made for. `bound` is
// 2^(−2 bits), below which no code can go.
TEST(TrellisEncoder, ErrorIsNearTheRateDistortionBound) {
  struct Case {
    FormatId format;
    double bound;
    double most;  // of the bound
  };
  for (const auto& [format, bound, most] :
       {Case{FormatId::kT4, 0.00391, 1.36}, Case{FormatId::kT3, 0.01563, 1.31},
        Case{FormatId::kT2, 0.0625, 1.19}, Case{FormatId::kT1H, 0.125, 1.21},
        Case{FormatId::kT1, 0.25, 1.11}}) {
    const TrellisTable& table = default_trellis_table(format);
    TrellisEncoder encoder(table, kernel_table());
    constexpr std::size_t kTiles = 100;
    const auto weights = gaussian(kTiles * kTrellisTileWeights, 11, table.deviation);
    std::vector<std::uint8_t> tile(tile_bytes(*trellis_shape(format)));
    std::vector<std::uint8_t> levels(kTrellisTileWeights);
    double error = 0.0;
    for (std::size_t t = 0; t < kTiles; ++t) {
      const float* x = weights.data() + t * kTrellisTileWeights;
      encoder.encode(x, tile.data(), levels.data());
      std::vector<std::uint8_t> again(kTrellisTileWeights);
      decode_tile(table, tile.data(), again.data());
      ASSERT_EQ(levels, again);
      for (std::size_t i = 0; i < kTrellisTileWeights; ++i) {
        const double e = static_cast<double>(x[i]) - (int{levels[i]} - kTrellisZero);
        error += e * e;
      }
    }
    const double variance =
        static_cast<double>(table.deviation) * static_cast<double>(table.deviation);
    const double relative = error / (variance * static_cast<double>(weights.size()));
    EXPECT_GT(relative, bound) << format_spec(format).name;
    EXPECT_LT(relative, bound * most) << format_spec(format).name;
  }
}

// Levels that a stream gives are found again without any error.
TEST(TrellisEncoder, FindsAStreamThatIsThere) {
  for (const FormatId format : kAll) {
    const TrellisTable& table = default_trellis_table(format);
    TrellisEncoder encoder(table, kernel_table());
    std::mt19937 random(4);
    std::vector<std::uint8_t> tile(tile_bytes(*trellis_shape(format)));
    for (auto& byte : tile) byte = static_cast<std::uint8_t>(random());
    std::vector<std::uint8_t> levels(kTrellisTileWeights);
    decode_tile(table, tile.data(), levels.data());
    std::vector<float> targets(kTrellisTileWeights);
    std::transform(levels.begin(), levels.end(), targets.begin(),
                   [](std::uint8_t level) { return static_cast<float>(level) - kTrellisZero; });
    std::vector<std::uint8_t> found(kTrellisTileWeights);
    encoder.encode(targets.data(), tile.data(), found.data());
    EXPECT_EQ(found, levels) << format_spec(format).name;
  }
}

TEST(TrellisEncoder, IsTheSameOnEveryTargetAndTakesAnyWeights) {
  for (const FormatId format : kAll) {
    const TrellisTable& table = default_trellis_table(format);
    TrellisEncoder encoder(table, kernel_table());
    TrellisEncoder scalar(table, kernel_table("scalar"));
    for (const float deviation : {0.0F, 1.0F, 20.0F, 1e6F}) {
      const auto weights = gaussian(kTrellisTileWeights, 1, deviation);
      std::vector<std::uint8_t> tile(tile_bytes(*trellis_shape(format)));
      std::vector<std::uint8_t> levels(kTrellisTileWeights);
      encoder.encode(weights.data(), tile.data(), levels.data());
      auto other = tile;
      scalar.encode(weights.data(), other.data(), levels.data());
      EXPECT_EQ(tile, other) << format_spec(format).name << " " << deviation;
    }
  }
}

}  // namespace
}  // namespace cellm
