#include "quantize/block_search.h"

#include <cmath>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_values.h"
#include "format/formats.h"
#include "quantize/quantize_blocks.h"
#include "quantize/test_moments.h"

namespace cellm {
namespace {

std::vector<const FormatSpec*> encoded() {
  std::vector<const FormatSpec*> formats;
  for (const FormatSpec* spec : all_formats()) {
    if (find_block_coding(spec->id) != nullptr) formats.push_back(spec);
  }
  return formats;
}

class EveryCoding : public testing::TestWithParam<const FormatSpec*> {};
INSTANTIATE_TEST_SUITE_P(All, EveryCoding, testing::ValuesIn(encoded()),
                         [](const auto& test) { return std::string(test.param->name); });

// All numbers of a block, by a quick generator.
struct RandomNumbers {
  explicit RandomNumbers(const BlockCoding& coding, std::uint32_t seed) : codes(coding.columns) {
    std::uint32_t state = seed * 2654435761U + 1;
    const auto next = [&](int low, int high) {
      state = state * 1664525U + 1013904223U;
      return low + static_cast<int>((state >> 8) % static_cast<std::uint32_t>(high - low + 1));
    };
    numbers.scale = static_cast<std::uint16_t>(next(0x2000, 0x3BFF));
    for (std::size_t g = 0; g < coding.groups(); ++g) {
      numbers.multipliers[g] =
          static_cast<std::int8_t>(next(coding.least_multiplier, coding.greatest_multiplier));
      if (!coding.has_minimum()) continue;
      numbers.minima[g] =
          static_cast<std::uint8_t>(coding.is_one_group() ? 1 : next(0, coding.greatest_minimum));
    }
    if (coding.has_minimum()) numbers.minimum = static_cast<std::uint16_t>(next(0x2000, 0x3BFF));
    for (auto& code : codes) {
      code = static_cast<std::uint8_t>(next(0, static_cast<int>(coding.levels.size()) - 1));
    }
    numbers.codes = codes.data();
  }
  BlockNumbers numbers;
  std::vector<std::uint8_t> codes;
};

// dequantize_row() is compared with ggml's values in format/block_formats_test.cc.
TEST_P(EveryCoding, PacksWhatIsDequantized) {
  const FormatSpec& format = *GetParam();
  const BlockCoding& coding = *find_block_coding(format.id);
  ASSERT_EQ(coding.columns, format.block);
  ASSERT_EQ(coding.columns % coding.group, 0U);
  ASSERT_LE(coding.groups(), kMaxBlockGroups);
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    const RandomNumbers random(coding, seed);
    std::vector<std::byte> block(format.row_bytes(coding.columns), std::byte{0xA5});
    coding.pack(random.numbers, block.data());
    std::vector<float> values(coding.columns);
    format.dequantize_row(block.data(), nullptr, coding.columns, 0, values.data());
    for (std::size_t i = 0; i < coding.columns; ++i) {
      const GroupStep step = group_step(coding, random.numbers, i / coding.group);
      const auto level = static_cast<float>(coding.levels[random.codes[i]]);
      ASSERT_EQ(values[i], step.step * level + step.offset) << i;
    }
  }
}

// Weights that a block holds exactly come back, whatever its numbers.
TEST_P(EveryCoding, FindsBlocksThatAreExact) {
  const FormatSpec& format = *GetParam();
  const BlockCoding& coding = *find_block_coding(format.id);
  const BlockSearch search(coding);
  double worst = 0.0;
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const RandomNumbers random(coding, seed);
    std::vector<std::byte> block(format.row_bytes(coding.columns));
    coding.pack(random.numbers, block.data());
    std::vector<float> values(coding.columns);
    format.dequantize_row(block.data(), nullptr, coding.columns, 0, values.data());
    BlockNumbers found;
    search.choose(values.data(), nullptr, found);
    double error = 0.0;
    double power = 0.0;
    for (std::size_t i = 0; i < coding.columns; ++i) {
      const GroupStep step = group_step(coding, found, i / coding.group);
      const float got =
          step.step * static_cast<float>(coding.levels[search.nearest(values[i], step)]) +
          step.offset;
      error += std::pow(static_cast<double>(got - values[i]), 2);
      power += std::pow(static_cast<double>(values[i]), 2);
    }
    worst = std::max(worst, error / power);
  }
  // Groups whose largest weight uses an inner level are found approximately.
  EXPECT_LT(worst, 1e-2);
}

// Against the outermost weight on the outermost level, with exact steps and offsets.
TEST_P(EveryCoding, LeavesLessErrorThanAbsmax) {
  const FormatSpec& format = *GetParam();
  const BlockCoding& coding = *find_block_coding(format.id);
  const BlockSearch search(coding);
  const auto weights = gaussian(64 * coding.columns, 11);
  double error = 0.0;
  double absmax_error = 0.0;
  for (std::size_t at = 0; at < weights.size(); at += coding.columns) {
    BlockNumbers found;
    search.choose(weights.data() + at, nullptr, found);
    for (std::size_t g = 0; g < coding.groups(); ++g) {
      const float* w = weights.data() + at + g * coding.group;
      const auto [low, high] = std::minmax_element(w, w + coding.group);
      const float top = std::max(-*low, *high);
      GroupStep absmax{top / -static_cast<float>(coding.levels.front()), 0.0F};
      if (coding.has_minimum()) {
        absmax = {(*high - *low) / static_cast<float>(coding.levels.back()), *low};
      }
      const GroupStep step = group_step(coding, found, g);
      for (std::size_t i = 0; i < coding.group; ++i) {
        const auto loss = [&](const GroupStep& s) {
          const auto level = static_cast<float>(coding.levels[search.nearest(w[i], s)]);
          return std::pow(static_cast<double>(s.step * level + s.offset - w[i]), 2);
        };
        error += loss(step);
        absmax_error += loss(absmax);
      }
    }
  }
  // At 6 and 8 bits the rounding of the scales takes most of what clipping could gain.
  EXPECT_LT(error, (coding.levels.size() > 32 ? 1.02 : 0.97) * absmax_error);
}

TEST_P(EveryCoding, TakesAnyFiniteWeights) {
  const FormatSpec& format = *GetParam();
  const BlockCoding& coding = *find_block_coding(format.id);
  const BlockSearch search(coding);
  std::vector<std::vector<float>> rows;
  for (const float value : {0.0F, 1.0F, -1.0F, 1e-30F, 1e-7F, 60000.0F, -1e30F}) {
    rows.emplace_back(coding.columns, value);
    std::vector<float> one(coding.columns, 0.0F);
    one[coding.columns / 2] = value;
    rows.push_back(one);
  }
  for (const auto& row : rows) {
    for (const bool weighted : {false, true}) {
      std::vector<float> importance(coding.columns, 0.0F);
      importance[0] = 1.0F;
      BlockNumbers found;
      search.choose(row.data(), weighted ? importance.data() : nullptr, found);
      std::vector<std::uint8_t> codes(coding.columns);
      for (std::size_t i = 0; i < codes.size(); ++i) {
        codes[i] = search.nearest(row[i], group_step(coding, found, i / coding.group));
        ASSERT_LT(codes[i], coding.levels.size());
      }
      found.codes = codes.data();
      std::vector<std::byte> block(format.row_bytes(coding.columns));
      coding.pack(found, block.data());
      std::vector<float> values(coding.columns);
      format.dequantize_row(block.data(), nullptr, coding.columns, 0, values.data());
      for (const float value : values) ASSERT_TRUE(std::isfinite(value));
    }
  }
}

double quantized_loss(const QuantizeRequest& request, const std::vector<float>& weights,
                      const SquareMatrix& h) {
  std::vector<std::byte> codes(request.rows * request.format.row_bytes(request.cols));
  block_quantizer(request).quantize({0, request.rows, weights.data(), codes.data(), nullptr});
  std::vector<float> got(request.cols);
  double loss = 0.0;
  for (std::size_t r = 0; r < request.rows; ++r) {
    request.format.dequantize_row(codes.data() + r * request.format.row_bytes(request.cols),
                                  nullptr, request.cols, 0, got.data());
    loss += loss_of(h, request.cols, weights.data() + r * request.cols, got.data());
  }
  return loss;
}

TEST_P(EveryCoding, LosesLessAlongCorrelatedInputs) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 24;
  constexpr std::size_t kCols = 512;
  const auto x = correlated_inputs(2000, kCols);
  CalibratedInput input(moments_of(x, kCols, pool), kernel_table(""), pool);
  const SquareMatrix h = damped(input.moments(), 0.0);
  const InputMoments diagonal{2000, input.moments().diagonal()};
  const auto weights = gaussian(kRows * kCols, 3);
  QuantizeRequest request{"w", *GetParam(), kRows, kCols, 0, &diagonal, nullptr};
  const double without = quantized_loss(request, weights, h);
  request.calibrated = &input;
  EXPECT_LT(quantized_loss(request, weights, h), 0.6 * without);
}

}  // namespace
}  // namespace cellm
