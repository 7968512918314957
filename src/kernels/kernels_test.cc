#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "format/formats.h"
#include "format/half.h"
#include "format/packed.h"
#include "kernels/kernel_table.h"
#include "kernels/test_kernels.h"

namespace cellm {
namespace {

struct TestMatrix {
  TestMatrix(FormatId format, std::size_t rows, std::size_t cols, std::size_t group, unsigned seed)
      : info(format_spec(format)),
        codes(rows * info.row_bytes(cols)),
        scales(info.has_scales ? rows * (cols / group) * sizeof(std::uint16_t) : 0),
        weights(rows * cols) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> row(cols);
    const std::size_t row_scales = info.has_scales ? cols / group : 0;
    matrix = {format,
              codes.data(),
              reinterpret_cast<const std::uint16_t*>(scales.data()),
              cols,
              info.has_scales ? group : 0,
              info.row_bytes(cols),
              row_scales};
    for (std::size_t r = 0; r < rows; ++r) {
      for (auto& value : row) value = normal(random) * (r % 3 == 0 ? 8.0F : 0.01F);
      auto* row_codes = reinterpret_cast<std::byte*>(codes.data() + r * matrix.row_bytes);
      auto* row_scale = reinterpret_cast<std::uint16_t*>(scales.data()) + r * row_scales;
      info.quantize_row(row.data(), cols, group, row_codes, row_scale);
      info.dequantize_row(row_codes, row_scale, cols, group, weights.data() + r * cols);
    }
  }

  const FormatSpec& info;
  GuardedBytes codes;
  GuardedBytes scales;
  std::vector<float> weights;  // dequantized by the reference
  WeightMatrix matrix;
};

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

struct PackedCase {
  FormatId format;
  std::size_t cols;
  std::size_t group;
};

TEST_P(EveryTarget, Int8MatmulIsExactOnTheCodes) {
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
    for (const std::size_t tokens : {1U, 3U, 20U, 70U}) {
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

TEST_P(EveryTarget, PeaksCountWhatTheyDo) {
  const auto& table = *GetParam();
  for (const auto peak : {table.f32_peak, table.int8_peak}) {
    const std::uint64_t done = peak(100'000);
    EXPECT_GE(done, 100'000U);
    EXPECT_LT(done, 110'000U);
  }
}

// The largest codes on both sides: nothing may saturate.
TEST_P(EveryTarget, LowBitMatmulAtTheExtremes) {
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
      for (const std::size_t tokens : {1U, 2U, 4U, 9U}) {
        const TestActivations a(table, std::vector<float>(tokens * cols, input), tokens, cols,
                                block);
        std::vector<float> y(tokens * 16);
        table.matmul_int8(w, 0, 1, a.view, y.data(), 16);
        for (const float value : y) ASSERT_EQ(value, largest * input * static_cast<float>(cols));
      }
    }
  }
}

TEST_P(EveryTarget, Int8MatmulAtTheExtremes) {
  const auto& table = *GetParam();
  ThreadPool pool(1);
  const std::size_t cols = 4096;
  for (const int sign : {1, -1}) {
    std::vector<std::byte> codes(16 * cols, static_cast<std::byte>(sign > 0 ? 127 : -128));
    const std::vector<std::uint16_t> scales(16, 0x3C00);
    const auto packed =
        pack({FormatId::kI8, 16, cols, cols, codes.data(), scales.data(), nullptr}, pool);
    const PackedMatrix w{8, packed->codes, packed->scales, 16, cols, 0, 1, packed->block_bytes()};
    const TestActivations a(table, std::vector<float>(cols, -127.0F), 1, cols, 32);
    std::vector<float> y(16);
    table.matmul_int8(w, 0, 1, a.view, y.data(), 16);
    for (const float value : y) {
      EXPECT_EQ(value, static_cast<float>((sign > 0 ? 127 : -128) * -127 * static_cast<int>(cols)));
    }
  }
}

TEST_P(EveryTarget, ActivationCodesAreTheNearest) {
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

TEST_P(EveryTarget, VectorFunctionsAgreeWithDouble) {
  const auto& table = *GetParam();
  for (const std::size_t n : {1U, 7U, 8U, 15U, 16U, 33U, 128U, 131U}) {
    const auto a = gaussian(n, 1);
    const auto b = gaussian(n, 2);
    double exact = 0;
    for (std::size_t i = 0; i < n; ++i) exact += static_cast<double>(a[i]) * b[i];
    EXPECT_NEAR(table.dot(a.data(), b.data(), n), exact, 1e-4);
    auto y = b;
    table.axpy(0.5F, a.data(), y.data(), n);
    for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(y[i], b[i] + 0.5F * a[i], 1e-6);
  }
}

// Rows at the end of a guarded page, and their values.
struct TestRows {
  TestRows(FormatId format, std::size_t count, std::size_t dim, unsigned seed)
      : bytes(count * dim *
              (format == FormatId::kF32   ? 4
               : format == FormatId::kF16 ? 2
                                          : 1)),
        values(gaussian(count * dim, seed)),
        view{format, bytes.data(), dim * (bytes.size() / (count * dim)), count, dim} {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (format == FormatId::kF32) {
        std::memcpy(bytes.data() + 4 * i, &values[i], 4);
      } else if (format == FormatId::kF16) {
        const std::uint16_t half = f32_to_f16(values[i]);
        std::memcpy(bytes.data() + 2 * i, &half, 2);
        values[i] = f16_to_f32(half);
      } else {
        const int code = std::clamp(static_cast<int>(std::lround(values[i] * 40)), -128, 127);
        bytes.data()[i] = static_cast<unsigned char>(code);
        values[i] = static_cast<float>(code);
      }
    }
  }
  GuardedBytes bytes;
  std::vector<float> values;
  VectorRows view;
};

TEST_P(EveryTarget, RowKernelsAgreeWithDouble) {
  const auto& table = *GetParam();
  constexpr std::size_t kCount = 13;
  constexpr std::size_t kStride = 16;
  for (const FormatId format : {FormatId::kF32, FormatId::kF16, FormatId::kI8}) {
    for (const std::size_t dim : {1U, 8U, 24U, 64U, 100U, 256U}) {
      for (const std::size_t queries : {1U, 2U, 3U, 4U, 6U}) {
        const TestRows rows(format, kCount, dim, 2);
        const auto q = gaussian(queries * dim, 1);
        std::vector<float> scores(queries * kStride, -7.0F);
        table.dot_rows(q.data(), queries, rows.view, scores.data(), kStride);
        auto mixed = q;
        table.mix_rows(scores.data(), kStride, queries, rows.view, mixed.data());
        for (std::size_t i = 0; i < queries; ++i) {
          for (std::size_t j = 0; j < kCount; ++j) {
            double score = 0;
            double magnitude = 0;
            for (std::size_t c = 0; c < dim; ++c) {
              const double product = static_cast<double>(q[i * dim + c]) * rows.values[j * dim + c];
              score += product;
              magnitude += std::fabs(product);
            }
            ASSERT_NEAR(scores[i * kStride + j], score, magnitude * 1e-6);
          }
          EXPECT_EQ(scores[i * kStride + kCount], -7.0F);  // nothing is written behind
          for (std::size_t c = 0; c < dim; ++c) {
            double sum = static_cast<double>(q[i * dim + c]);
            double magnitude = std::fabs(sum);
            for (std::size_t j = 0; j < kCount; ++j) {
              const double product =
                  static_cast<double>(scores[i * kStride + j]) * rows.values[j * dim + c];
              sum += product;
              magnitude += std::fabs(product);
            }
            ASSERT_NEAR(mixed[i * dim + c], sum, magnitude * 1e-6);
          }
          // A query alone, and a key alone, give the same bits.
          std::vector<float> alone(kStride);
          table.dot_rows(q.data() + i * dim, 1, rows.view, alone.data(), kStride);
          VectorRows last = rows.view;
          last.data += (kCount - 1) * last.row_bytes;
          last.count = 1;
          float score = 0;
          table.dot_rows(q.data() + i * dim, 1, last, &score, kStride);
          ASSERT_EQ(score, scores[i * kStride + kCount - 1]);
          ASSERT_TRUE(std::equal(alone.begin(), alone.begin() + kCount,
                                 scores.begin() + static_cast<std::ptrdiff_t>(i * kStride)));
        }
      }
    }
  }
}

TEST_P(EveryTarget, TheLargestIsFoundAtEveryPlace) {
  const auto& table = *GetParam();
  for (std::size_t n = 1; n <= 67; ++n) {
    for (std::size_t place = 0; place < n; ++place) {
      std::vector<float> x(n, -3.0F);
      x[place] = -2.0F;
      ASSERT_EQ(table.largest(x.data(), n), -2.0F);
    }
  }
}

TEST_P(EveryTarget, LevelSumsAgreeWithDouble) {
  const auto& table = *GetParam();
  for (const Levels& levels : {Levels{-8, 1, 15}, {-1.5F, 1, 3}, {-1, 2, 1}}) {
    for (const std::size_t n : {1U, 7U, 64U, 251U}) {
      const auto weights = gaussian(n, 1);
      auto importance = gaussian(n, 2);
      for (float& h : importance) h = std::fabs(h);
      std::vector<float> scales(kScalesTogether);
      for (std::size_t k = 0; k < kScalesTogether; ++k) {
        scales[k] = (k % 2 == 0 ? 0.07F : -0.07F) * static_cast<float>(k + 1);
      }
      for (const bool weighted : {false, true}) {
        std::vector<float> products(kScalesTogether);
        std::vector<float> squares(kScalesTogether);
        table.level_sums(levels, weights.data(), weighted ? importance.data() : nullptr, n,
                         scales.data(), products.data(), squares.data());
        for (std::size_t k = 0; k < kScalesTogether; ++k) {
          double product = 0;
          double square = 0;
          double magnitude = 0;
          for (std::size_t i = 0; i < n; ++i) {
            const auto w = static_cast<double>(weights[i]);
            const auto first = static_cast<double>(levels.first);
            const auto step = static_cast<double>(levels.step);
            const double place = std::clamp((w / static_cast<double>(scales[k]) - first) / step,
                                            0.0, static_cast<double>(levels.last));
            const double level = first + step * std::nearbyint(place);
            const double h = weighted ? static_cast<double>(importance[i]) : 1.0;
            product += h * w * level;
            square += h * level * level;
            magnitude += h * std::fabs(w * level);
          }
          ASSERT_NEAR(products[k], product, magnitude * 1e-5);
          ASSERT_NEAR(squares[k], square, square * 1e-5);
        }
      }
    }
  }
}

TEST_P(EveryTarget, ExponentialsAgreeWithDouble) {
  const auto& table = *GetParam();
  std::vector<float> x;
  for (float v = -110.0F; v < 80.0F; v += 0.037F) x.push_back(v);
  auto e = x;
  const float total = table.exp_sum(e.data(), 0.5F, e.size());
  double exact_total = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = std::exp(static_cast<double>(x[i]) - 0.5);
    exact_total += exact;
    ASSERT_NEAR(e[i], exact, exact * 1e-5 + 1e-43) << x[i];  // x − 0.5 is rounded too
  }
  EXPECT_NEAR(total, exact_total, exact_total * 1e-5);

  const auto up = gaussian(x.size(), 4);
  std::vector<float> out(x.size());
  table.silu_multiply(x.data(), up.data(), out.data(), x.size());
  auto gated = up;
  table.sigmoid_multiply(x.data(), gated.data(), x.size());
  auto silu = x;
  table.silu(silu.data(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double sigmoid = 1.0 / (1.0 + std::exp(-static_cast<double>(x[i])));
    const double scale = std::fabs(static_cast<double>(up[i]));
    ASSERT_NEAR(out[i], x[i] * sigmoid * up[i], std::fabs(x[i] * sigmoid) * scale * 1e-6 + 1e-36)
        << x[i];
    ASSERT_NEAR(gated[i], sigmoid * up[i], sigmoid * scale * 1e-6 + 1e-36) << x[i];
    ASSERT_NEAR(silu[i], x[i] * sigmoid, std::fabs(x[i] * sigmoid) * 1e-6 + 1e-36) << x[i];
  }
  std::vector<float> extremes{-1e30F, 1e30F, -INFINITY};
  table.silu(extremes.data(), 2);
  EXPECT_EQ(std::fabs(extremes[0]), 0.0F);
  EXPECT_EQ(extremes[1], 1e30F);
  extremes[0] = -INFINITY;
  EXPECT_EQ(table.exp_sum(extremes.data(), 0.0F, 1), 0.0F);
  extremes.assign(20, std::nanf(""));
  EXPECT_TRUE(std::isnan(table.exp_sum(extremes.data(), 0.0F, 20)));
}

TEST_P(EveryTarget, HalfConversionsAreThoseOfTheReference) {
  const auto& table = *GetParam();
  std::vector<std::uint16_t> halves(0x7C00);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  std::vector<float> values(halves.size());
  table.f16_to_f32(halves.data(), values.data(), halves.size());
  for (std::size_t i = 0; i < halves.size(); ++i) ASSERT_EQ(values[i], f16_to_f32(halves[i]));
  for (auto& value : values) value *= 1.00048828125F;  // 1 + 2⁻¹¹: ties and near-ties
  std::vector<std::uint16_t> rounded(halves.size());
  table.f32_to_f16(values.data(), rounded.data(), values.size());
  for (std::size_t i = 0; i < halves.size(); ++i) ASSERT_EQ(rounded[i], f32_to_f16(values[i]));
}

TEST(KernelTable, RefusesUnknownTargets) {
  EXPECT_STREQ(kernel_table("scalar").name, "scalar");
  EXPECT_NO_THROW(kernel_table());
  EXPECT_THROW(kernel_table("sse9"), Error);
}

}  // namespace
}  // namespace cellm
