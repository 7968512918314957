// The kernels of vectors: rows of a KV cache, activation functions, sums and conversions.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "format/half.h"
#include "kernels/kernel_table.h"
#include "kernels/test_kernels.h"

namespace cellm {
namespace {

class VectorsOfTarget : public ::testing::TestWithParam<const KernelTable*> {};
INSTANTIATE_TEST_SUITE_P(Targets, VectorsOfTarget, ::testing::ValuesIn(runnable_targets()),
                         [](const auto& param) { return std::string(param.param->name); });

TEST_P(VectorsOfTarget, VectorFunctionsAgreeWithDouble) {
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
  TestRows(VectorFormat format, std::size_t count, std::size_t dim, unsigned seed)
      : bytes(count * dim *
              (format == VectorFormat::kF32   ? 4
               : format == VectorFormat::kF16 ? 2
                                              : 1)),
        values(gaussian(count * dim, seed)),
        view{format, bytes.data(), dim * (bytes.size() / (count * dim)), count, dim} {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (format == VectorFormat::kF32) {
        std::memcpy(bytes.data() + 4 * i, &values[i], 4);
      } else if (format == VectorFormat::kF16) {
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

TEST_P(VectorsOfTarget, RowKernelsAgreeWithDouble) {
  const auto& table = *GetParam();
  constexpr std::size_t kCount = 13;
  constexpr std::size_t kStride = 16;
  for (const VectorFormat format : {VectorFormat::kF32, VectorFormat::kF16, VectorFormat::kI8}) {
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

TEST_P(VectorsOfTarget, TheLargestIsFoundAtEveryPlace) {
  const auto& table = *GetParam();
  for (std::size_t n = 1; n <= 67; ++n) {
    for (std::size_t place = 0; place < n; ++place) {
      std::vector<float> x(n, -3.0F);
      x[place] = -2.0F;
      ASSERT_EQ(table.largest(x.data(), n), -2.0F);
    }
  }
}

TEST_P(VectorsOfTarget, LevelSumsAgreeWithDouble) {
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

TEST_P(VectorsOfTarget, ExponentialsAgreeWithDouble) {
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

TEST_P(VectorsOfTarget, HalfConversionsAreThoseOfTheReference) {
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

}  // namespace
}  // namespace cellm
