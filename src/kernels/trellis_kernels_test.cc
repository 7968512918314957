// The kernels of the trellis formats: every target gives the bits of the reference.

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "format/formats.h"
#include "format/half.h"
#include "format/rotation.h"
#include "format/trellis.h"
#include "kernels/kernel_table.h"
#include "kernels/test_kernels.h"

namespace cellm {
namespace {

constexpr FormatId kAll[] = {FormatId::kT4, FormatId::kT3, FormatId::kT2, FormatId::kT1H,
                             FormatId::kT1};

// A matrix of random codes at the end of a guarded page.
struct CodedMatrix {
  CodedMatrix(FormatId format, std::size_t rows, std::size_t cols, unsigned seed)
      : weights(shape_of(format, rows, cols)),
        codes(weights.code_bytes()),
        scales(weights.scale_count() * sizeof(std::uint16_t)) {
    std::mt19937 random(seed);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      codes.data()[i] = static_cast<unsigned char>(random());
    }
    auto* halves = reinterpret_cast<std::uint16_t*>(scales.data());
    for (std::size_t r = 0; r < weights.scale_count(); ++r) {
      const auto wide = static_cast<float>(random() % 1000 + 1);
      halves[r] = r < rows ? f32_to_f16(wide * 0.01F) : std::uint16_t{0};
    }
    weights.codes = codes.data();
    weights.scales = halves;
    matrix = {format, &weights.table->levels, codes.data(),         halves,
              rows,   weights.padded_cols(),  weights.block_bytes()};
  }
  static TrellisWeights shape_of(FormatId format, std::size_t rows, std::size_t cols) {
    TrellisWeights weights;
    weights.format = format;
    weights.rows = rows;
    weights.cols = cols;
    weights.table = &default_trellis_table(format);
    return weights;
  }
  TrellisWeights weights;
  GuardedBytes codes;
  GuardedBytes scales;
  TrellisMatrix matrix{};
};

class TrellisOfTarget : public ::testing::TestWithParam<const KernelTable*> {};
INSTANTIATE_TEST_SUITE_P(Targets, TrellisOfTarget, ::testing::ValuesIn(runnable_targets()),
                         [](const auto& param) { return std::string(param.param->name); });

TEST_P(TrellisOfTarget, ProductsAreExactForCodesOfActivations) {
  const auto& table = *GetParam();
  for (const FormatId format : kAll) {
    for (const std::size_t cols : {1U, 7U, 8U, 36U, 128U, 132U, 300U}) {
      for (const std::size_t rows : {1U, 15U, 64U, 131U}) {
        for (const std::size_t tokens : {1U, 2U, 3U, 7U, 70U}) {
          const CodedMatrix coded(format, rows, cols, static_cast<unsigned>(rows + cols));
          const TestActivations x(table, gaussian(cols * tokens, 4), tokens, cols,
                                  kTrellisActivationBlock);
          std::vector<float> y(rows * tokens + 1, -1.0F);
          table.matmul_trellis(coded.matrix, 0, coded.weights.row_blocks(), x.view, y.data(), rows);
          EXPECT_EQ(y.back(), -1.0F);
          std::vector<float> weights(cols);
          for (std::size_t r = 0; r < rows; ++r) {
            dequantize_rotated_row(coded.weights, r, weights.data());
            const float scale = f16_to_f32(coded.weights.scales[r]) / kTrellisZero;
            for (std::size_t t = 0; t < tokens; ++t) {
              double exact = 0.0;
              double magnitude = 0.0;
              for (std::size_t c = 0; c < cols; ++c) {
                const double product =
                    static_cast<double>(std::round(weights[c] / scale)) *
                    x.view.codes[t * x.view.padded_cols + c] *
                    static_cast<double>(
                        x.view.scales[t * x.view.blocks + c / kTrellisActivationBlock]);
                exact += product;
                magnitude += std::fabs(product);
              }
              ASSERT_NEAR(y[t * rows + r], exact * static_cast<double>(scale),
                          magnitude * static_cast<double>(scale) * 1e-6 + 1e-30)
                  << format_spec(format).name << " rows " << rows << " cols " << cols << " tokens "
                  << tokens;
            }
          }
          // Whatever is computed beside it, an output has the same bits, and on every target.
          std::vector<float> one(rows * tokens);
          for (std::size_t t = 0; t < tokens; ++t) {
            QuantizedActivations single = x.view;
            single.codes += t * single.padded_cols;
            single.scales += t * single.blocks;
            single.sums += t * single.blocks;
            single.tokens = 1;
            for (std::size_t block = 0; block < coded.weights.row_blocks(); ++block) {
              table.matmul_trellis(coded.matrix, block, block + 1, single, one.data() + t * rows,
                                   rows);
            }
          }
          y.pop_back();
          ASSERT_EQ(std::memcmp(one.data(), y.data(), y.size() * sizeof(float)), 0)
              << format_spec(format).name << " rows " << rows << " cols " << cols << " tokens "
              << tokens;
        }
      }
    }
  }
}

// With one block of activations an output is one integer times floats: no target may differ.
TEST_P(TrellisOfTarget, EqualsTheScalarTargetBitByBit) {
  const auto& table = *GetParam();
  for (const FormatId format : kAll) {
    for (const std::size_t cols : {5U, 64U, 128U}) {
      const std::size_t rows = 100;
      const std::size_t tokens = 5;
      const CodedMatrix coded(format, rows, cols, 2);
      const TestActivations x(kernel_table("scalar"), gaussian(cols * tokens, 6), tokens, cols,
                              kTrellisActivationBlock);
      std::vector<float> want(rows * tokens);
      std::vector<float> got(rows * tokens);
      kernel_table("scalar").matmul_trellis(coded.matrix, 0, 2, x.view, want.data(), rows);
      table.matmul_trellis(coded.matrix, 0, 2, x.view, got.data(), rows);
      ASSERT_EQ(want, got) << format_spec(format).name << " cols " << cols;
    }
  }
}

// Levels and activations at their extremes must not overflow 16 bits.
TEST_P(TrellisOfTarget, ExtremesDoNotOverflow) {
  const auto& table = *GetParam();
  TrellisTable extreme = default_trellis_table(FormatId::kT2);
  std::fill_n(&extreme.levels.levels[0][0], 32, static_cast<unsigned char>(100));
  std::fill_n(&extreme.levels.offsets[0][0], 32, static_cast<unsigned char>(27));
  CodedMatrix coded(FormatId::kT2, 64, 128, 1);
  coded.matrix.levels = &extreme.levels;
  for (const std::size_t tokens : {1U, 2U, 17U}) {
    const TestActivations x(table, std::vector<float>(tokens * 128, -127.0F), tokens, 128,
                            kTrellisActivationBlock);
    std::vector<float> y(tokens * 64);
    table.matmul_trellis(coded.matrix, 0, 1, x.view, y.data(), 64);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const float scale = f16_to_f32(coded.weights.scales[i % 64]) / kTrellisZero;
      EXPECT_EQ(y[i], static_cast<float>(63 * -127 * 128) * x.view.scales[0] * scale);
    }
  }
}

TEST_P(TrellisOfTarget, SearchesAreThoseOfTheScalarTarget) {
  const auto& table = *GetParam();
  for (const FormatId format : kAll) {
    const TrellisShape& shape = *trellis_shape(format);
    const std::size_t states = std::size_t{1} << state_bits(shape);
    const std::size_t steps = 50;
    std::mt19937 random(5);
    std::vector<std::int16_t> values(states * shape.step_weights);
    std::vector<std::int16_t> x(steps * shape.step_weights);
    for (auto& v : values) v = static_cast<std::int16_t>(random() % 48000 - 24000);
    for (auto& v : x) v = static_cast<std::int16_t>(random());  // also beyond all values
    std::vector<std::uint16_t> cost(states);
    for (auto& c : cost) c = static_cast<std::uint16_t>(random() % 3 == 0 ? 0xF000 : random() % 9);
    auto want_cost = cost;
    std::vector<std::uint8_t> survivors(steps * (states >> shape.step_bits), 99);
    auto want_survivors = survivors;
    const auto search = [&](const KernelTable& kernels, auto& costs, auto& found) {
      kernels.trellis_search({state_bits(shape), shape.step_bits, shape.step_weights, values.data(),
                              x.data(), steps, costs.data(), found.data()});
    };
    search(table, cost, survivors);
    search(kernel_table("scalar"), want_cost, want_survivors);
    EXPECT_EQ(cost, want_cost) << format_spec(format).name;
    EXPECT_EQ(survivors, want_survivors) << format_spec(format).name;
  }
}

TEST_P(TrellisOfTarget, RotationsAreThoseOfTheReference) {
  const auto& table = *GetParam();
  for (const std::size_t cols : {1U, 2U, 3U, 4U, 12U, 24U, 40U, 48U, 100U, 576U, 1024U, 3584U}) {
    const auto factors = rotation_factors(3, cols);
    auto want = gaussian(cols, 8);
    std::vector<float> got(cols + 1, 5.0F);
    table.rotate(want.data(), factors.data(), cols, rotation_block(cols), got.data());
    EXPECT_EQ(got.back(), 5.0F);
    got.pop_back();
    rotate_row(factors, want.data());
    EXPECT_EQ(std::memcmp(got.data(), want.data(), cols * sizeof(float)), 0) << cols;
  }
}

}  // namespace
}  // namespace cellm
