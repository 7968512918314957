// The kernels of packed weights and of 8-bit activations.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "format/formats.h"
#include "format/packed.h"
#include "kernels/kernel_table.h"
#include "kernels/test_kernels.h"
#include "kernels/test_matrix.h"

namespace cellm {
namespace {

class IntegersOfTarget : public ::testing::TestWithParam<const KernelTable*> {};
INSTANTIATE_TEST_SUITE_P(Targets, IntegersOfTarget, ::testing::ValuesIn(runnable_targets()),
                         [](const auto& param) { return std::string(param.param->name); });

struct PackedCase {
  FormatId format;
  std::size_t cols;
  std::size_t group;
};

TEST_P(IntegersOfTarget, Int8MatmulIsExactOnTheCodes) {
  const auto& table = *GetParam();
  ThreadPool pool(1);
  for (const auto& [format, cols, group] : std::vector<PackedCase>{{FormatId::kI8, 37, 37},
                                                                   {FormatId::kI8, 1100, 1100},
                                                                   {FormatId::kI4, 100, 100},
                                                                   {FormatId::kI4, 1056, 32},
                                                                   {FormatId::kI4, 640, 128},
                                                                   {FormatId::kI2, 250, 250},
                                                                   {FormatId::kQ1, 700, 0}}) {
    const std::size_t rows = 37;
    const TestMatrix test(format, rows, cols, group == 0 ? cols : group, 3);
    const Tensor tensor{format,
                        rows,
                        cols,
                        test.matrix.group,
                        reinterpret_cast<const std::byte*>(test.matrix.codes),
                        test.matrix.scales,
                        nullptr};
    const auto packed = pack(tensor, pool);
    ASSERT_TRUE(packed);
    const PackedMatrix w{
        packed->bits(),        packed->codes, packed->scales,   rows,
        packed->padded_cols(), packed->group, packed->groups(), packed->block_bytes()};
    const std::size_t block = activation_block(packed->bits(), packed->group);
    for (const std::size_t tokens : {1U, 3U, 20U, 70U, 200U}) {
      auto x = gaussian(tokens * cols, 7);
      x[5] = 40.0F;  // an outlier: its block's other codes are small
      const TestActivations a(table, x, tokens, cols, block);
      std::vector<float> y(tokens * rows, -1.0F);
      table.matmul_int8(w, 0, packed->row_blocks(), a.view, y.data(), rows);
      std::vector<float> pieces(tokens * rows);
      for (std::size_t t = 0; t < tokens; ++t) {
        const TestActivations one(table,
                                  {x.begin() + static_cast<std::ptrdiff_t>(t * cols),
                                   x.begin() + static_cast<std::ptrdiff_t>((t + 1) * cols)},
                                  1, cols, block);
        for (std::size_t b = 0; b < packed->row_blocks(); ++b) {
          table.matmul_int8(w, b, b + 1, one.view, pieces.data() + t * rows, rows);
        }
        for (std::size_t r = 0; r < rows; ++r) {
          double exact = 0;
          double magnitude = 0;
          for (std::size_t c = 0; c < cols; ++c) {
            const double input = static_cast<double>(a.view.codes[t * a.padded + c]) *
                                 static_cast<double>(a.scales[t * a.blocks + c / block]);
            const double product = static_cast<double>(test.weights[r * cols + c]) * input;
            exact += product;
            magnitude += std::fabs(product);
          }
          ASSERT_NEAR(y[t * rows + r], exact, magnitude * 1e-6 + 1e-30)
              << test.info.name << " cols " << cols << " tokens " << tokens << " row " << r;
        }
      }
      EXPECT_EQ(y, pieces) << test.info.name;
    }
  }
}

TEST_P(IntegersOfTarget, PeaksCountWhatTheyDo) {
  const auto& table = *GetParam();
  for (const auto peak : {table.f32_peak, table.int8_peak}) {
    const std::uint64_t done = peak(1'000'000);
    EXPECT_GE(done, 1'000'000U);
    EXPECT_LT(done, 1'100'000U);
  }
}

// The largest codes on both sides: nothing may saturate.
TEST_P(IntegersOfTarget, LowBitMatmulAtTheExtremes) {
  const auto& table = *GetParam();
  ThreadPool pool(1);
  const std::size_t cols = 1024;
  struct Case {
    FormatId format;
    std::size_t group;
    float largest;  // value of a code of ones, with scale 1
  };
  for (const auto& [format, group, largest] :
       {Case{FormatId::kI4, cols, 7.0F}, Case{FormatId::kI4, 32, 7.0F},
        Case{FormatId::kI2, cols, 1.5F}, Case{FormatId::kQ1, 0, 1.0F}}) {
    const std::size_t row_bytes = format_spec(format).row_bytes(cols);
    std::vector<std::byte> codes(16 * row_bytes, std::byte{0xFF});
    if (format == FormatId::kQ1) {  // the scales lie inside
      for (std::size_t i = 0; i < codes.size(); i += Q1::kBlockBytes) {
        codes[i] = std::byte{0};
        codes[i + 1] = std::byte{0x3C};
      }
    }
    const std::vector<std::uint16_t> scales(16 * cols, 0x3C00);
    const auto packed = pack({format, 16, cols, group, codes.data(), scales.data(), nullptr}, pool);
    ASSERT_TRUE(packed);
    const PackedMatrix w{packed->bits(), packed->codes, packed->scales,   16,
                         cols,           packed->group, packed->groups(), packed->block_bytes()};
    const std::size_t block = activation_block(packed->bits(), packed->group);
    for (const float input : {127.0F, -127.0F}) {
      for (const std::size_t tokens : {1U, 2U, 4U, 9U, 17U}) {
        const TestActivations a(table, std::vector<float>(tokens * cols, input), tokens, cols,
                                block);
        std::vector<float> y(tokens * 16);
        table.matmul_int8(w, 0, 1, a.view, y.data(), 16);
        for (const float value : y) ASSERT_EQ(value, largest * input * static_cast<float>(cols));
      }
    }
  }
}

TEST_P(IntegersOfTarget, Int8MatmulAtTheExtremes) {
  const auto& table = *GetParam();
  ThreadPool pool(1);
  const std::size_t cols = 4096;
  for (const int sign : {1, -1}) {
    std::vector<std::byte> codes(16 * cols, static_cast<std::byte>(sign > 0 ? 127 : -128));
    const std::vector<std::uint16_t> scales(16, 0x3C00);
    const auto packed =
        pack({FormatId::kI8, 16, cols, cols, codes.data(), scales.data(), nullptr}, pool);
    const PackedMatrix w{8, packed->codes, packed->scales, 16, cols, 0, 1, packed->block_bytes()};
    for (const std::size_t tokens : {1U, 2U, 17U}) {
      const TestActivations a(table, std::vector<float>(tokens * cols, -127.0F), tokens, cols, 32);
      std::vector<float> y(tokens * 16);
      table.matmul_int8(w, 0, 1, a.view, y.data(), 16);
      for (const float value : y) {
        const int code = sign > 0 ? 127 : -128;
        EXPECT_EQ(value, static_cast<float>(code * -127 * static_cast<int>(cols)));
      }
    }
  }
}

TEST_P(IntegersOfTarget, ActivationCodesAreTheNearest) {
  const auto& table = *GetParam();
  for (const std::size_t n : {1U, 7U, 16U, 31U, 128U}) {
    auto x = gaussian(n, 9);
    std::vector<signed char> codes(n + 1, 99);
    std::int32_t sum = 0;
    const float scale = table.quantize_block(x.data(), n, codes.data(), &sum);
    std::int32_t want = 0;
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_LE(std::fabs(static_cast<float>(codes[i]) * scale - x[i]), scale * 0.50001F);
      want += codes[i];
    }
    EXPECT_EQ(sum, want);
    EXPECT_EQ(codes[n], 99);
    std::fill(x.begin(), x.end(), 0.0F);
    EXPECT_EQ(table.quantize_block(x.data(), n, codes.data(), &sum), 0.0F);
    EXPECT_EQ(sum, 0);
    for (const float bad : {std::nanf(""), INFINITY, -INFINITY}) {
      x[n / 2] = bad;  // must not vanish: the scale carries it on
      EXPECT_TRUE(std::isnan(table.quantize_block(x.data(), n, codes.data(), &sum)));
    }
  }
}

}  // namespace
}  // namespace cellm
