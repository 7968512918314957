// Products of the row formats in f32 and bf16, their unpacking, and the choice of a target.

#include <cmath>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "format/formats.h"
#include "format/half.h"
#include "kernels/kernel_table.h"
#include "kernels/test_kernels.h"
#include "kernels/test_matrix.h"

namespace cellm {
namespace {

class EveryTarget : public ::testing::TestWithParam<const KernelTable*> {};
INSTANTIATE_TEST_SUITE_P(Targets, EveryTarget, ::testing::ValuesIn(runnable_targets()),
                         [](const auto& param) { return std::string(param.param->name); });

TEST_P(EveryTarget, UnpacksExactlyAsTheReference) {
  const auto& table = *GetParam();
  for (std::size_t f = 0; f < std::tuple_size_v<RowFormats>; ++f) {
    for (const auto& [cols, group] :
         std::vector<std::pair<std::size_t, std::size_t>>{{1, 1},
                                                          {7, 7},
                                                          {8, 8},
                                                          {33, 11},
                                                          {96, 32},
                                                          {160, 80},
                                                          {260, 260},
                                                          {1030, 103},
                                                          {2048, 128}}) {
      const TestMatrix test(static_cast<FormatId>(f), 3, cols, group, static_cast<unsigned>(cols));
      for (std::size_t r = 0; r < 3; ++r) {
        const WeightRow row{test.matrix.codes + r * test.matrix.row_bytes,
                            test.matrix.scales + r * test.matrix.row_scales, cols,
                            test.matrix.group};
        for (std::size_t begin = 0; begin < cols; begin += 5 * kUnpackAlignment) {
          std::vector<float> out(cols - begin);
          table.unpack[f](row, begin, cols, out.data());
          EXPECT_EQ(std::memcmp(out.data(), test.weights.data() + r * cols + begin,
                                out.size() * sizeof(float)),
                    0)
              << test.info.name << " cols " << cols << " begin " << begin;
        }
      }
    }
  }
}

TEST_P(EveryTarget, EveryCodeOfEveryByteUnpacks) {
  const auto& table = *GetParam();
  std::vector<unsigned char> codes(4096);
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = static_cast<unsigned char>(i * 37 + i / 256);
  for (std::size_t f = 0; f < std::tuple_size_v<RowFormats>; ++f) {
    const auto& info = format_spec(static_cast<FormatId>(f));
    const std::size_t cols = 512;
    const std::uint16_t scale = f32_to_f16(0.375F);
    std::vector<float> want(cols);
    std::vector<float> got(cols);
    info.dequantize_row(reinterpret_cast<const std::byte*>(codes.data()), &scale, cols, cols,
                        want.data());
    table.unpack[f]({codes.data(), &scale, cols, info.has_scales ? cols : 0}, 0, cols, got.data());
    for (std::size_t i = 0; i < cols; ++i) {
      if (std::isnan(want[i])) {
        EXPECT_TRUE(std::isnan(got[i]));
      } else {
        EXPECT_EQ(want[i], got[i]) << info.name << " at " << i;
      }
    }
  }
}

TEST_P(EveryTarget, MatmulAgreesWithDouble) {
  const auto& table = *GetParam();
  for (std::size_t f = 0; f < std::tuple_size_v<RowFormats>; ++f) {
    for (const std::size_t cols : {1U, 9U, 64U, 1024U, 1029U, 2310U}) {
      for (const std::size_t tokens : {1U, 2U, 5U, 100U}) {
        const std::size_t rows = 7;
        const TestMatrix test(static_cast<FormatId>(f), rows, cols, cols, 11);
        const std::size_t stride = cols + 3;
        const auto x = gaussian(stride * tokens, 5);
        std::vector<float> y(rows * tokens, -1.0F);
        table.matmul(table, test.matrix, 0, rows, x.data(), stride, tokens, y.data(), rows);
        for (std::size_t t = 0; t < tokens; ++t) {
          for (std::size_t r = 0; r < rows; ++r) {
            double exact = 0;
            double magnitude = 0;
            for (std::size_t c = 0; c < cols; ++c) {
              const double product =
                  static_cast<double>(test.weights[r * cols + c]) * x[t * stride + c];
              exact += product;
              magnitude += std::fabs(product);
            }
            ASSERT_NEAR(y[t * rows + r], exact, magnitude * 1e-6 + 1e-30)
                << test.info.name << " cols " << cols << " tokens " << tokens;
          }
        }
      }
    }
  }
}

TEST_P(EveryTarget, MatmulOfOneOutputDoesNotDependOnTheOthers) {
  const auto& table = *GetParam();
  const std::size_t rows = 13;
  const std::size_t cols = 1100;
  const std::size_t tokens = 101;
  const TestMatrix test(FormatId::kI4, rows, cols, 100, 1);
  const auto x = gaussian(cols * tokens, 2);
  std::vector<float> all(rows * tokens);
  table.matmul(table, test.matrix, 0, rows, x.data(), cols, tokens, all.data(), rows);
  std::vector<float> one(rows * tokens);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t r = 0; r < rows; ++r) {
      table.matmul(table, test.matrix, r, r + 1, x.data() + t * cols, cols, 1,
                   one.data() + t * rows, rows);
    }
  }
  EXPECT_EQ(all, one);
}

std::vector<const KernelTable*> bf16_targets() {
  std::vector<const KernelTable*> tables = runnable_targets();
  std::erase_if(tables, [](const KernelTable* table) { return table->matmul_bf16 == nullptr; });
  return tables;
}
class EveryBf16Target : public ::testing::TestWithParam<const KernelTable*> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EveryBf16Target);
INSTANTIATE_TEST_SUITE_P(Targets, EveryBf16Target, ::testing::ValuesIn(bf16_targets()),
                         [](const auto& param) { return std::string(param.param->name); });

// Weights and activations rounded to bf16 by the reference, multiplied in double.
TEST_P(EveryBf16Target, MatmulAgreesWithDouble) {
  const auto& table = *GetParam();
  for (const FormatId format : {FormatId::kF16, FormatId::kBF16}) {
    for (const std::size_t cols : {1U, 31U, 64U, 1024U, 1029U, 2310U}) {
      for (const std::size_t tokens : {1U, 2U, 7U, 100U}) {
        const std::size_t rows = 21;
        const TestMatrix test(format, rows, cols, cols, 11);
        const auto x = gaussian(cols * tokens, 5);
        GuardedBytes rounded(x.size() * sizeof(std::uint16_t));
        auto* halves = reinterpret_cast<std::uint16_t*>(rounded.data());
        table.f32_to_bf16(x.data(), halves, x.size());
        for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(halves[i], f32_to_bf16(x[i]));
        std::vector<float> y(rows * tokens, -1.0F);
        table.matmul_bf16(table, test.matrix, 0, rows, halves, cols, tokens, y.data(), rows);
        std::vector<float> one(rows * tokens);
        for (std::size_t t = 0; t < tokens; ++t) {
          for (std::size_t r = 0; r < rows; ++r) {
            table.matmul_bf16(table, test.matrix, r, r + 1, halves + t * cols, cols, 1,
                              one.data() + t * rows, rows);
            double exact = 0;
            double magnitude = 0;
            for (std::size_t c = 0; c < cols; ++c) {
              const double weight = bf16_to_f32(f32_to_bf16(test.weights[r * cols + c]));
              const double product = weight * bf16_to_f32(halves[t * cols + c]);
              exact += product;
              magnitude += std::fabs(product);
            }
            ASSERT_NEAR(y[t * rows + r], exact, magnitude * 2e-6 + 1e-30)
                << test.info.name << " cols " << cols << " tokens " << tokens;
          }
        }
        EXPECT_EQ(y, one) << test.info.name << " cols " << cols << " tokens " << tokens;
      }
    }
  }
}

TEST(KernelTable, RefusesUnknownTargets) {
  EXPECT_STREQ(kernel_table("scalar").name, "scalar");
  EXPECT_NO_THROW(kernel_table());
  EXPECT_THROW(kernel_table("sse9"), Error);
}

}  // namespace
}  // namespace cellm
