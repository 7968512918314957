#include "format/rotation.h"

#include <bit>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_values.h"

namespace cellm {
namespace {

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

TEST(Rotation, TakesTheLargestPowerOfTwoThatDividesTheWidth) {
  EXPECT_EQ(rotation_block(1), 1U);
  EXPECT_EQ(rotation_block(7), 1U);
  EXPECT_EQ(rotation_block(576), 64U);
  EXPECT_EQ(rotation_block(1024), 1024U);
  EXPECT_EQ(rotation_block(3584), 512U);
}

// A file made today must be read for ever: these never change.
TEST(Rotation, SignsAreThoseOfTheSeed) {
  const auto signs = [](std::uint32_t seed, std::size_t first) {
    const auto factors = rotation_factors(seed, 256);
    std::string text;
    for (std::size_t c = first; c < first + 24; ++c) text += factors[c] < 0.0F ? '-' : '+';
    return text;
  };
  EXPECT_EQ(signs(0, 0), "----+-+--+--++---+---+++");
  EXPECT_EQ(signs(1, 0), "-+++++--++---+-++-++++++");
  EXPECT_EQ(signs(1, 60), "-++----++--+++--+---+---");
  for (const float f : rotation_factors(3, 576)) EXPECT_EQ(std::fabs(f), 0.125F);
  for (const float f : rotation_factors(3, 96)) EXPECT_EQ(std::fabs(f), 1.0F / std::sqrt(32.0F));
}

TEST(Rotation, IsTheHadamardMatrixOfSylvester) {
  const auto factors = rotation_factors(5, 24);  // blocks of 8
  for (std::size_t i = 0; i < 24; ++i) {
    std::vector<float> unit(24, 0.0F);
    unit[i] = 1.0F;
    rotate_row(factors, unit.data());
    for (std::size_t j = 0; j < 24; ++j) {
      const bool same_block = i / 8 == j / 8;
      const bool odd = std::popcount(i % 8 & j % 8) % 2 != 0;
      EXPECT_EQ(unit[j], !same_block ? 0.0F : odd ? -factors[i] : factors[i]) << i << " " << j;
    }
  }
}

TEST(Rotation, KeepsInnerProductsAndComesBack) {
  for (const std::size_t cols : {1U, 3U, 8U, 36U, 576U, 1024U, 3584U}) {
    const auto factors = rotation_factors(static_cast<std::uint32_t>(cols), cols);
    const auto a = gaussian(cols, 1);
    const auto b = gaussian(cols, 2);
    auto ra = a;
    auto rb = b;
    rotate_row(factors, ra.data());
    rotate_row(factors, rb.data());
    EXPECT_NEAR(dot(ra, rb), dot(a, b), 1e-5 * std::sqrt(dot(a, a) * dot(b, b)));
    unrotate_row(factors, ra.data());
    for (std::size_t c = 0; c < cols; ++c) EXPECT_NEAR(ra[c], a[c], 2e-6F) << cols;
  }
}

}  // namespace
}  // namespace cellm
