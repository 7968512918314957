#include "quantize/quantize_trellis.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_values.h"
#include "format/formats.h"
#include "format/rotation.h"
#include "format/trellis.h"
#include "quantize/second_moments.h"
#include "quantize/test_moments.h"

namespace cellm {
namespace {

constexpr FormatId kAll[] = {FormatId::kT4, FormatId::kT3, FormatId::kT2, FormatId::kT1H,
                             FormatId::kT1};
constexpr std::size_t kRows = 100;  // no whole number of blocks
constexpr std::size_t kTokens = 2000;
constexpr std::uint32_t kSeed = 5;

struct Quantized {
  std::vector<std::uint8_t> codes;
  std::vector<std::uint16_t> scales;
  std::vector<float> weights;  // what they stand for
};

Quantized quantized(const QuantizeRequest& request, const std::vector<float>& weights) {
  TrellisWeights shape;
  shape.format = request.format.id;
  shape.rows = request.rows;
  shape.cols = request.cols;
  shape.table = &default_trellis_table(shape.format);
  shape.rotation = request.rotation;
  Quantized result{std::vector<std::uint8_t>(shape.code_bytes()),
                   std::vector<std::uint16_t>(shape.scale_count()),
                   std::vector<float>(weights.size())};
  trellis_quantizer(request).quantize({0, request.rows, weights.data(),
                                       reinterpret_cast<std::byte*>(result.codes.data()),
                                       result.scales.data()});
  shape.codes = result.codes.data();
  shape.scales = result.scales.data();
  for (std::size_t r = 0; r < request.rows; ++r) {
    dequantize_trellis_row(shape, r, result.weights.data() + r * request.cols);
  }
  return result;
}

// ‖(W − quantized) X‖².
double output_error(const std::vector<float>& weights, const std::vector<float>& got,
                    const std::vector<float>& x, std::size_t cols) {
  double error = 0.0;
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t t = 0; t < kTokens; t += 10) {
      double sum = 0.0;
      for (std::size_t c = 0; c < cols; ++c) {
        sum +=
            (static_cast<double>(weights[r * cols + c]) - static_cast<double>(got[r * cols + c])) *
            static_cast<double>(x[t * cols + c]);
      }
      error += sum * sum;
    }
  }
  return error;
}

TEST(TrellisQuantizer, LosesLessOnCorrelatedInputs) {
  ThreadPool pool(2);
  for (const std::size_t cols : {256U, 190U}) {  // 190: no whole number of tiles
    const auto x = correlated_inputs(kTokens, cols, 0.0F);
    const auto weights = gaussian(kRows * cols, 3);
    CalibratedInput input(moments_of(x, cols, pool), kernel_table(""), pool);
    for (const FormatId format : kAll) {
      QuantizeRequest request{"w", format_spec(format), kRows, cols, 0, nullptr, nullptr, kSeed};
      const double without = output_error(weights, quantized(request, weights).weights, x, cols);
      request.calibrated = &input;
      const double with = output_error(weights, quantized(request, weights).weights, x, cols);
      EXPECT_LT(with, 0.6 * without) << format_spec(format).name << " " << cols;
    }
    EXPECT_FALSE(input.lacks_factor());
  }
}

// Without correlation there is nothing to pass on, whatever the rotation.
TEST(TrellisQuantizer, IsTheNearestPathOnWhiteInputs) {
  ThreadPool pool(2);
  constexpr std::size_t kCols = 192;
  SecondMoments white{kCols, 1000, AlignedBuffer<double>(kCols * kCols)};
  for (std::size_t c = 0; c < kCols; ++c) white.values[c * kCols + c] = 9.0;
  CalibratedInput input(std::move(white), kernel_table(""), pool);
  const auto weights = gaussian(kRows * kCols, 3);
  for (const FormatId format : kAll) {
    QuantizeRequest request{"w", format_spec(format), kRows, kCols, 0, nullptr, nullptr, kSeed};
    const Quantized without = quantized(request, weights);
    request.calibrated = &input;
    const Quantized with = quantized(request, weights);
    EXPECT_EQ(with.codes, without.codes) << format_spec(format).name;
    for (std::size_t r = 0; r < kRows; ++r) {
      EXPECT_NEAR(with.scales[r], without.scales[r], 1) << format_spec(format).name;
    }
  }
}

TEST(TrellisQuantizer, SilentInputsLeaveItWithoutFeedback) {
  ThreadPool pool(1);
  constexpr std::size_t kCols = 64;
  CalibratedInput input({kCols, 1000, AlignedBuffer<double>(kCols * kCols)}, kernel_table(""),
                        pool);
  const auto weights = gaussian(kRows * kCols, 3);
  QuantizeRequest request{"w",  format_spec(FormatId::kT3), kRows, kCols, 0, nullptr, nullptr,
                          kSeed};
  const Quantized without = quantized(request, weights);
  request.calibrated = &input;
  EXPECT_EQ(quantized(request, weights).codes, without.codes);
  EXPECT_TRUE(input.lacks_factor());
}

TEST(SecondMoments, RotatedAreThoseOfRotatedInputs) {
  for (const unsigned threads : {1U, 3U}) {
    ThreadPool pool(threads);
    constexpr std::size_t kCols = 96;
    const auto x = correlated_inputs(kTokens, kCols, 0.0F);
    SecondMoments rotated = moments_of(x, kCols, pool);
    const auto factors = rotation_factors(kSeed, kCols);
    rotate(rotated, factors, pool);
    auto rotated_x = x;
    for (std::size_t t = 0; t < kTokens; ++t) {
      std::vector<float> row(x.data() + t * kCols, x.data() + (t + 1) * kCols);
      rotate_row(factors, row.data());
      std::copy(row.begin(), row.end(), rotated_x.begin() + static_cast<std::ptrdiff_t>(t * kCols));
    }
    const SecondMoments want = moments_of(rotated_x, kCols, pool);
    for (std::size_t i = 0; i < kCols; ++i) {
      for (std::size_t j = 0; j < kCols; ++j) {
        EXPECT_NEAR(rotated.at(i, j), want.at(i, j),
                    1e-5 * std::sqrt(want.at(i, i) * want.at(j, j)));
      }
    }
  }
}

}  // namespace
}  // namespace cellm
