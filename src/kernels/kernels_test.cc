#include <cmath>
#include <cstring>
#include <random>
#include <sys/mman.h>
#include <vector>

#include <gtest/gtest.h>

#include "base/cpu_features.h"
#include "base/error.h"
#include "format/formats.h"
#include "format/half.h"
#include "kernels/kernel_table.h"

namespace cellm {
namespace {

std::vector<const KernelTable*> targets() {
  std::vector<const KernelTable*> tables{&kScalarKernels};
#if defined(__x86_64__)
  if (cpu_features().avx2) tables.push_back(&kAvx2Kernels);
#endif
  return tables;
}

// Memory whose end is the end of a page that the next one must not be touched after.
class GuardedBytes {
 public:
  explicit GuardedBytes(std::size_t size) : size_(size) {
    pages_ = (size + kPage - 1) / kPage * kPage + kPage;
    memory_ = static_cast<unsigned char*>(
        mmap(nullptr, pages_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(memory_ + pages_ - kPage, kPage, PROT_NONE);
  }
  ~GuardedBytes() { munmap(memory_, pages_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  unsigned char* data() { return memory_ + pages_ - kPage - size_; }

 private:
  static constexpr std::size_t kPage = 4096;
  std::size_t size_;
  std::size_t pages_;
  unsigned char* memory_;
};

struct TestMatrix {
  TestMatrix(FormatId format, std::size_t rows, std::size_t cols, std::size_t group, unsigned seed)
      : info(format_info(format)),
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

  const FormatInfo& info;
  GuardedBytes codes;
  GuardedBytes scales;
  std::vector<float> weights;  // dequantized by the reference
  WeightMatrix matrix;
};

std::vector<float> gaussian(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (auto& value : values) value = normal(random);
  return values;
}

class EveryTarget : public ::testing::TestWithParam<const KernelTable*> {};
INSTANTIATE_TEST_SUITE_P(Targets, EveryTarget, ::testing::ValuesIn(targets()),
                         [](const auto& param) { return std::string(param.param->name); });

TEST_P(EveryTarget, UnpacksExactlyAsTheReference) {
  const auto& table = *GetParam();
  for (std::size_t f = 0; f < kFormatCount; ++f) {
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
  for (std::size_t f = 0; f < kFormatCount; ++f) {
    const auto& info = format_info(static_cast<FormatId>(f));
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
  for (std::size_t f = 0; f < kFormatCount; ++f) {
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

    const std::size_t rows = 9;
    const auto m = gaussian(rows * n, 3);
    const auto p = gaussian(rows, 4);
    const auto q = gaussian(rows, 5);
    std::vector<float> mp(n);
    std::vector<float> mq(n);
    table.transposed_matvec2(m.data(), rows, n, p.data(), q.data(), mp.data(), mq.data());
    for (std::size_t c = 0; c < n; ++c) {
      double exact_p = 0;
      double exact_q = 0;
      for (std::size_t r = 0; r < rows; ++r) {
        exact_p += static_cast<double>(p[r]) * m[r * n + c];
        exact_q += static_cast<double>(q[r]) * m[r * n + c];
      }
      EXPECT_NEAR(mp[c], exact_p, 1e-5);
      EXPECT_NEAR(mq[c], exact_q, 1e-5);
    }
  }
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
