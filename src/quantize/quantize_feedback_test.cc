#include "quantize/quantize_feedback.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_values.h"
#include "format/formats.h"
#include "quantize/quantize_mse.h"
#include "quantize/test_moments.h"

namespace cellm {
namespace {

struct Case {
  FormatId format;
  std::size_t group;  // 0: none but the format's own
};

// Codes a matrix by a quantizer and gives its tr(ΔW H ΔWᵀ) with H as it is.
double quantized_loss(const TensorQuantizer& quantizer, const Case& c, std::size_t rows,
                      std::size_t cols, const std::vector<float>& weights, const SquareMatrix& h,
                      std::vector<std::byte>* bytes = nullptr) {
  const FormatSpec& format = format_spec(c.format);
  const std::size_t row_bytes = format.row_bytes(cols);
  const std::size_t row_scales = c.group == 0 ? 0 : cols / c.group;
  std::vector<std::byte> codes(rows * row_bytes);
  std::vector<std::uint16_t> scales(rows * row_scales);
  quantizer.quantize({0, rows, weights.data(), codes.data(), scales.data()});
  std::vector<float> got(cols);
  double loss = 0.0;
  for (std::size_t r = 0; r < rows; ++r) {
    format.dequantize_row(codes.data() + r * row_bytes, scales.data() + r * row_scales, cols,
                          c.group, got.data());
    loss += loss_of(h, cols, weights.data() + r * cols, got.data());
  }
  if (bytes != nullptr) *bytes = codes;
  return loss;
}

constexpr Case kCases[] = {{FormatId::kI8, 256}, {FormatId::kI4, 256}, {FormatId::kI4, 32},
                           {FormatId::kI4, 128}, {FormatId::kI2, 256}, {FormatId::kQ1, 0}};

TEST(FeedbackQuantizer, LosesLessOnCorrelatedInputs) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 40;
  constexpr std::size_t kCols = 256;
  const auto x = correlated_inputs(2000, kCols);
  CalibratedInput input(moments_of(x, kCols, pool), kernel_table(""), pool);
  const SquareMatrix h = damped(input.moments(), 0.0);
  const InputMoments diagonal{2000, input.moments().diagonal()};
  const auto weights = gaussian(kRows * kCols, 3);
  for (const Case& c : kCases) {
    const QuantizeRequest request{"w",   format_spec(c.format), kRows, kCols, c.group, &diagonal,
                                  &input};
    const double without = quantized_loss(mse_quantizer(request), c, kRows, kCols, weights, h);
    const double with = quantized_loss(feedback_quantizer(request), c, kRows, kCols, weights, h);
    EXPECT_LT(with, 0.6 * without) << format_spec(c.format).name << " " << c.group;
  }
}

// Without correlation there is nothing to pass on: the codes are the nearest ones, the scales those
// of least error.
TEST(FeedbackQuantizer, IsTheSearchOnWhiteInputs) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 20;
  constexpr std::size_t kCols = 256;
  SecondMoments white{kCols, 1000, AlignedBuffer<double>(kCols * kCols)};
  SquareMatrix h(kCols * kCols);
  for (std::size_t c = 0; c < kCols; ++c) h[c * kCols + c] = white.values[c * kCols + c] = 9.0;
  CalibratedInput input(std::move(white), kernel_table(""), pool);
  const InputMoments diagonal{1000, input.moments().diagonal()};
  const auto weights = gaussian(kRows * kCols, 3);
  for (const Case& c : kCases) {
    const QuantizeRequest request{"w",   format_spec(c.format), kRows, kCols, c.group, &diagonal,
                                  &input};
    std::vector<std::byte> plain;
    std::vector<std::byte> fed_back;
    const double without =
        quantized_loss(mse_quantizer(request), c, kRows, kCols, weights, h, &plain);
    const double with =
        quantized_loss(feedback_quantizer(request), c, kRows, kCols, weights, h, &fed_back);
    // Scales of rows are refitted to their codes and these chosen again.
    EXPECT_NEAR(with, without, 1e-2 * without) << format_spec(c.format).name << " " << c.group;
    EXPECT_LE(with, 1.001 * without) << format_spec(c.format).name << " " << c.group;
    if (c.group == 256) continue;
    EXPECT_EQ(plain, fed_back) << format_spec(c.format).name;
  }
}

}  // namespace
}  // namespace cellm
