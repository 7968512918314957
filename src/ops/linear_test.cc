#include "ops/linear.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_values.h"
#include "format/half.h"
#include "layout/layout.h"

namespace cellm {
namespace {

// A Linear of random trellis codes with its memory.
struct CodedLinear {
  CodedLinear(FormatId format, std::size_t rows, std::size_t cols, std::uint32_t seed,
              bool scaled_columns = false) {
    const MatrixShape shape{.format = format,
                            .rows = rows,
                            .cols = cols,
                            .group = cols,
                            .trellis = {default_trellis_table(format).id, seed}};
    const PayloadSizes sizes = kTileLayout.sizes(shape);
    std::mt19937 random(seed);
    codes.resize(sizes.code_bytes);
    for (auto& byte : codes) byte = static_cast<std::byte>(random());
    scales.assign(sizes.scale_bytes() / sizeof(std::uint16_t), f32_to_f16(0.25F));
    Payloads payloads{.codes = codes.data(), .scales = scales.data()};
    if (scaled_columns) {
      for (std::size_t c = 0; c < cols; ++c) {
        column_scales.push_back(f32_to_f16(1.0F + 0.5F * std::sin(static_cast<float>(c + seed))));
      }
      payloads.column_scales = column_scales.data();
    }
    linear.weights = kTileLayout.open(shape, payloads);
  }
  std::vector<std::byte> codes;
  std::vector<std::uint16_t> scales;
  std::vector<std::uint16_t> column_scales;
  Linear linear;
};

class TrellisLinear : public ::testing::Test {
 protected:
  ThreadPool pool_{3};
  ActivationScratch scratch_;
  Compute compute_{kernel_table(), pool_, scratch_};
};

// Two products that share a rotation, one with another, two with scaled columns and one of plain
// f32, of the same input.
TEST_F(TrellisLinear, IsTheProductOfTheWeightsThemselves) {
  constexpr std::size_t kCols = 192;
  const CodedLinear a(FormatId::kT4, 70, kCols, 1);
  const CodedLinear b(FormatId::kT1H, 130, kCols, 1);
  const CodedLinear c(FormatId::kT2, 64, kCols, 2);
  const CodedLinear d(FormatId::kT3, 64, kCols, 1, true);
  const CodedLinear e(FormatId::kT4, 65, kCols, 3, true);
  Linear plain;
  plain.weights = a.linear.weights->exact(pool_);
  for (const std::size_t tokens : {1U, 9U}) {
    const auto x = gaussian(tokens * kCols, 4);
    std::vector<float> ya(tokens * 70);
    std::vector<float> yb(tokens * 130);
    std::vector<float> yc(tokens * 64);
    std::vector<float> yd(tokens * 64);
    std::vector<float> ye(tokens * 65);
    std::vector<float> yp(tokens * 70);
    const Product products[] = {{&a.linear, ya.data()}, {&d.linear, yd.data()},
                                {&plain, yp.data()},    {&e.linear, ye.data()},
                                {&c.linear, yc.data()}, {&b.linear, yb.data()}};
    apply(compute_, products, x.data(), tokens);
    const auto check = [&](const Linear& linear, const std::vector<float>& y) {
      const std::size_t rows = linear.rows();
      std::vector<float> row(kCols);
      for (std::size_t r = 0; r < rows; ++r) {
        linear.weights->read_row(r, row.data());
        std::vector<float> looked_up(kCols);
        read_row(compute_, linear, r, looked_up.data());
        ASSERT_EQ(looked_up, row);
        for (std::size_t t = 0; t < tokens; ++t) {
          double exact = 0.0;
          double squares = 0.0;
          for (std::size_t i = 0; i < kCols; ++i) {
            const double product =
                static_cast<double>(row[i]) * static_cast<double>(x[t * kCols + i]);
            exact += product;
            squares += static_cast<double>(row[i]) * static_cast<double>(row[i]);
          }
          // Rounding to 8 bits is an error of at most half of 1/127 of the largest activation.
          EXPECT_NEAR(y[t * rows + r], exact, 0.08 * std::sqrt(squares));
        }
      }
    };
    check(a.linear, ya);
    check(b.linear, yb);
    check(c.linear, yc);
    check(d.linear, yd);
    check(e.linear, ye);
    for (std::size_t i = 0; i < ya.size(); ++i) EXPECT_NEAR(ya[i], yp[i], 0.5F) << i;
  }
}

}  // namespace
}  // namespace cellm
