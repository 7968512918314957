// The products of the amx target in a model of its instructions, on any processor: the same bits as
// the scalar target. On a processor with AMX: the same bits as the target for the other tokens.

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "format/half.h"
#include "format/trellis.h"
#include "kernels/kernel_table.h"
#include "kernels/test_kernels.h"

namespace cellm {
namespace {

// The primitives of a template must precede it.
// clang-format off
#include "kernels/scalar_integers.inl"
#include "kernels/amx_model.inl"
#include "kernels/amx_products.inl"
#include "kernels/int8_kernels.inl"
#include "kernels/scalar_trellis.inl"
#include "kernels/trellis_kernels.inl"
#include "kernels/amx_matmul.inl"
// clang-format on

void model_int8(const PackedMatrix& w, std::size_t begin, std::size_t end,
                const QuantizedActivations& x, float* y, std::size_t y_stride) {
  matmul_in_tiles(matmul_int8, kScalarKernels.matmul_int8, w, begin, end, x, y, y_stride);
}
void model_trellis(const TrellisMatrix& w, std::size_t begin, std::size_t end,
                   const QuantizedActivations& x, float* y, std::size_t y_stride) {
  matmul_in_tiles(matmul_trellis, kScalarKernels.matmul_trellis, w, begin, end, x, y, y_stride);
}

// Pairs of targets that must agree.
struct Pair {
  Matmul<PackedMatrix> int8[2];
  Matmul<TrellisMatrix> trellis[2];
};
std::vector<Pair> pairs() {
  std::vector<Pair> all = {
      {{model_int8, kScalarKernels.matmul_int8}, {model_trellis, kScalarKernels.matmul_trellis}}};
  const KernelTable* vnni = nullptr;
  for (const KernelTable* table : runnable_targets()) {
    if (std::string(table->name) == "avx512vnni") vnni = table;
    if (std::string(table->name) == "amx") {
      all.push_back(
          {{table->matmul_int8, vnni->matmul_int8}, {table->matmul_trellis, vnni->matmul_trellis}});
    }
  }
  return all;
}

class Random {
 public:
  void fill(GuardedBytes& bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes.data()[i] = static_cast<unsigned char>(random_());
    }
  }
  void fill_halves(GuardedBytes& bytes) {
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
      const std::uint16_t half = f32_to_f16(static_cast<float>(random_() % 1000 + 1) * 0.01F);
      std::memcpy(bytes.data() + i, &half, sizeof(half));
    }
  }

 private:
  std::mt19937 random_{7};
};

template <class Matrix>
void expect_equal(const Matmul<Matrix> (&matmuls)[2], const Matrix& w, std::size_t row_blocks,
                  std::size_t cols, std::size_t block, std::size_t tokens) {
  const TestActivations x(kScalarKernels, gaussian(cols * tokens, 4), tokens, cols, block);
  std::vector<float> results[2];
  for (std::size_t i = 0; i < 2; ++i) {
    results[i].assign(w.rows * tokens + 1, -1.0F);
    matmuls[i](w, 0, row_blocks, x.view, results[i].data(), w.rows);
    EXPECT_EQ(results[i].back(), -1.0F);
  }
  EXPECT_EQ(std::memcmp(results[0].data(), results[1].data(), results[0].size() * sizeof(float)), 0)
      << "cols " << cols << " tokens " << tokens;
}

TEST(AmxModel, PackedWeights) {
  Random random;
  struct Case {
    unsigned bits;
    std::size_t group;
  };
  for (const auto& [bits, group] : {Case{8, 0}, {4, 0}, {4, 32}, {4, 128}, {2, 0}, {1, 128}}) {
    for (const std::size_t cols : {32U, 96U, 128U, 1120U}) {
      const std::size_t rows = 37;
      const std::size_t row_blocks = 3;
      const std::size_t groups = group == 0 ? 1 : (cols + group - 1) / group;
      GuardedBytes codes(row_blocks * cols * 2 * bits);
      GuardedBytes scales(row_blocks * groups * 16 * sizeof(std::uint16_t));
      random.fill(codes);
      random.fill_halves(scales);
      const PackedMatrix w{
          bits,   codes.data(),   reinterpret_cast<const std::uint16_t*>(scales.data()),
          rows,   cols,           group,
          groups, cols * 2 * bits};
      for (const Pair& pair : pairs()) {
        for (const std::size_t tokens : {16U, 33U, 209U}) {
          SCOPED_TRACE(bits);
          expect_equal(pair.int8, w, row_blocks, cols, activation_block(bits, group), tokens);
        }
      }
    }
  }
}

TEST(AmxModel, TrellisWeights) {
  Random random;
  for (const FormatId format :
       {FormatId::kT4, FormatId::kT3, FormatId::kT2, FormatId::kT1H, FormatId::kT1}) {
    for (const std::size_t cols : {8U, 40U, 96U, 264U}) {
      const std::size_t rows = 100;
      TrellisWeights shape;
      shape.format = format;
      shape.rows = rows;
      shape.cols = cols;
      GuardedBytes codes(shape.code_bytes());
      GuardedBytes scales(shape.scale_count() * sizeof(std::uint16_t));
      random.fill(codes);
      random.fill_halves(scales);
      const TrellisMatrix w{format,
                            &default_trellis_table(format).levels,
                            codes.data(),
                            reinterpret_cast<const std::uint16_t*>(scales.data()),
                            rows,
                            shape.padded_cols(),
                            shape.block_bytes()};
      for (const Pair& pair : pairs()) {
        for (const std::size_t tokens : {16U, 209U}) {
          SCOPED_TRACE(static_cast<int>(format));
          expect_equal(pair.trellis, w, shape.row_blocks(), cols, kTrellisActivationBlock, tokens);
        }
      }
    }
  }
}

// Sums of all lengths that the templates ask for, at the ends of both codes.
template <std::size_t kBlock>
void expect_sums(std::size_t columns) {
  GuardedBytes codes(columns * 16);
  GuardedBytes inputs(kIntTokens * columns);
  Random random;
  random.fill(codes);
  random.fill(inputs);
  std::memset(codes.data(), 0x80, codes.size() / 2);
  std::memset(inputs.data(), 0x7F, columns);
  std::int32_t sums[kIntTokens * 16];
  {
    const TilesInUse in_use(tile_columns(kBlock));
    TileProducts::multiply<3, kBlock>(
        codes.data(), reinterpret_cast<const signed char*>(inputs.data()), columns, columns, sums);
  }
  for (std::size_t t = 0; t < kIntTokens; ++t) {
    for (std::size_t row = 0; row < 16; ++row) {
      std::int32_t want = 0;
      for (std::size_t c = 0; c < columns; ++c) {
        want += static_cast<signed char>(inputs.data()[t * columns + c]) *
                static_cast<signed char>(codes.data()[c / 4 * 64 + row * 4 + c % 4]);
      }
      ASSERT_EQ(sums[t * 16 + row], want) << columns << " columns";
    }
  }
}
TEST(AmxModel, Sums) {
  expect_sums<16>(16);
  expect_sums<32>(32);
  for (const std::size_t columns : {32U, 64U, 96U, 128U}) expect_sums<128>(columns);
  EXPECT_FALSE(Tiles::in_use);
}

}  // namespace
}  // namespace cellm
