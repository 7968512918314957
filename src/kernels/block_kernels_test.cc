// The kernels of the block formats: exact on the codes, and the same bits on every target, for any
// number of rows and tokens at a time.

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "format/block_formats.h"
#include "format/half.h"
#include "kernels/kernel_table.h"
#include "kernels/test_kernels.h"

namespace cellm {
namespace {

// Random codes, or bytes of one value, between `before` other bytes and a page that must not be
// touched.
struct TestBlocks {
  TestBlocks(const BlockFormatInfo& info, std::size_t rows, std::size_t cols, unsigned seed,
             int byte = -1)
      : format(info),
        bytes(rows * info.row_bytes(cols)),
        matrix{info.shape.format, bytes.data(), rows, cols, info.row_bytes(cols)} {
    std::mt19937 random(seed);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes.data()[i] = static_cast<unsigned char>(byte >= 0 ? byte : static_cast<int>(random()));
    }
    std::uniform_real_distribution<float> uniform(-0.1F, 0.1F);
    for (std::size_t block = 0; block < bytes.size(); block += info.shape.bytes) {
      for (const std::size_t place : info.shape.halves) {
        if (place != kNoHalf) set_half(block + place, byte >= 0 ? 1.0F : uniform(random));
      }
      if (info.shape.format == FormatId::kIQ1M) {
        set_spread_half(block + 48, byte >= 0 ? 1.0F : uniform(random));
      } else if (info.shape.format == FormatId::kMXFP4) {
        const auto exponent = static_cast<unsigned char>(120 + random() % 9);  // up to 1
        bytes.data()[block] = byte >= 0 ? 128 : exponent;
      }
    }
  }
  void set_half(std::size_t at, float value) {
    const std::uint16_t half = f32_to_f16(value);
    std::memcpy(bytes.data() + at, &half, sizeof(half));
  }
  // In the upper 4 bits of 4 numbers of 16, as IQ1_M has it.
  void set_spread_half(std::size_t at, float value) {
    const unsigned half = f32_to_f16(value);
    for (std::size_t i = 0; i < 4; ++i) {
      unsigned char& upper = bytes.data()[at + 2 * i + 1];
      upper = static_cast<unsigned char>((upper & 0xFU) | (half >> (4 * i) & 0xFU) << 4);
    }
  }
  std::vector<float> row(std::size_t r) const {
    std::vector<float> weights(matrix.cols);
    format.dequantize_row(reinterpret_cast<const std::byte*>(matrix.data) + r * matrix.row_bytes,
                          matrix.cols, weights.data());
    return weights;
  }
  const BlockFormatInfo& format;
  GuardedBytes bytes;
  BlockMatrix matrix;
};

QuantizedActivations token_of(const QuantizedActivations& x, std::size_t token) {
  QuantizedActivations one = x;
  one.codes += token * x.padded_cols;
  one.scales += token * x.blocks;
  one.sums += token * x.blocks;
  one.half_sums += token * x.padded_cols / 16;
  one.tokens = 1;
  return one;
}

std::vector<float> multiply(const KernelTable& table, const TestBlocks& blocks,
                            const QuantizedActivations& x) {
  const std::size_t rows = blocks.matrix.rows;
  std::vector<float> y(x.tokens * rows + 1, -1.0F);
  table.matmul_blocks(blocks.matrix, 0, rows, x, y.data(), rows);
  EXPECT_EQ(y.back(), -1.0F);
  y.pop_back();
  return y;
}

void expect_products(const TestBlocks& blocks, const QuantizedActivations& x,
                     const std::vector<float>& y) {
  const std::size_t cols = blocks.matrix.cols;
  for (std::size_t r = 0; r < blocks.matrix.rows; ++r) {
    const std::vector<float> weights = blocks.row(r);
    float largest = 0.0F;  // offsets may cancel out codes
    for (const float w : weights) largest = std::max(largest, std::fabs(w));
    for (std::size_t t = 0; t < x.tokens; ++t) {
      double exact = 0;
      double magnitude = 0;
      for (std::size_t c = 0; c < cols; ++c) {
        const double input = static_cast<double>(x.codes[t * x.padded_cols + c]) *
                             static_cast<double>(x.scales[t * x.blocks + c / kBlockActivations]);
        exact += static_cast<double>(weights[c]) * input;
        magnitude += static_cast<double>(largest) * std::fabs(input);
      }
      ASSERT_NEAR(y[t * blocks.matrix.rows + r], exact, magnitude * 3e-7 + 1e-30)
          << blocks.format.name << " cols " << cols << " tokens " << x.tokens << " row " << r;
    }
  }
}

struct BlockCase {
  const KernelTable* table;
  const BlockFormatInfo* format;
};
std::vector<BlockCase> all_cases() {
  std::vector<BlockCase> cases;
  for (const KernelTable* table : runnable_targets()) {
    for (const BlockFormatInfo& format : block_formats()) cases.push_back({table, &format});
  }
  return cases;
}

class BlocksOfTarget : public ::testing::TestWithParam<BlockCase> {};
INSTANTIATE_TEST_SUITE_P(Targets, BlocksOfTarget, ::testing::ValuesIn(all_cases()),
                         [](const auto& param) {
                           return std::string(param.param.table->name) + "_" +
                                  std::string(param.param.format->name);
                         });

TEST_P(BlocksOfTarget, ProductsAreExactOnTheCodes) {
  const auto& [table, format] = GetParam();
  for (const std::size_t blocks : {1U, 2U, 3U, 5U}) {
    const std::size_t cols = blocks * format->shape.columns;
    for (const std::size_t rows : {1U, 15U, 16U, 37U}) {
      const TestBlocks w(*format, rows, cols, static_cast<unsigned>(rows + cols));
      for (const std::size_t tokens : {1U, 2U, 3U, 7U, 20U, 70U}) {
        auto values = gaussian(tokens * cols, 7);
        values[5] = 40.0F;  // an outlier: its block's other codes are small
        const TestActivations x(*table, values, tokens, cols, kBlockActivations);
        expect_products(w, x.view, multiply(*table, w, x.view));
      }
    }
  }
}

TEST_P(BlocksOfTarget, LongRowsTakeSeveralChunks) {
  const auto& [table, format] = GetParam();
  const std::size_t cols = format->shape.columns == 32 ? 1600 : 1792;
  const TestBlocks w(*format, 18, cols, 5);
  for (const std::size_t tokens : {1U, 9U, 17U}) {
    const TestActivations x(*table, gaussian(tokens * cols, 7), tokens, cols, kBlockActivations);
    expect_products(w, x.view, multiply(*table, w, x.view));
  }
}

TEST_P(BlocksOfTarget, AnOutputDoesNotDependOnTheOthersNorOnTheTarget) {
  const auto& [table, format] = GetParam();
  const std::size_t rows = 37;
  for (const std::size_t cols : {format->shape.columns, 768UL}) {
    const std::size_t tokens = cols == 768 ? 71 : 200;
    const TestBlocks w(*format, rows, cols, 3);
    const TestActivations x(kernel_table("scalar"), gaussian(tokens * cols, 8), tokens, cols,
                            kBlockActivations);
    const std::vector<float> all = multiply(*table, w, x.view);
    std::vector<float> pieces(all.size());
    for (std::size_t t = 0; t < tokens; ++t) {
      const QuantizedActivations one = token_of(x.view, t);
      for (std::size_t row = 0; row < rows; row += 16) {
        table->matmul_blocks(w.matrix, row, std::min(rows, row + 16), one, pieces.data() + t * rows,
                             rows);
      }
    }
    ASSERT_EQ(std::memcmp(all.data(), pieces.data(), all.size() * sizeof(float)), 0);
    const std::vector<float> scalar = multiply(kernel_table("scalar"), w, x.view);
    ASSERT_EQ(std::memcmp(all.data(), scalar.data(), all.size() * sizeof(float)), 0);
  }
}

// The same bytes at other addresses, in rows with gaps, give the same bits.
TEST_P(BlocksOfTarget, BlocksMayLieAnywhere) {
  const auto& [table, format] = GetParam();
  const std::size_t cols = 2 * format->shape.columns;
  const TestBlocks w(*format, 19, cols, 4);
  for (const std::size_t tokens : {1U, 5U}) {
    const TestActivations x(*table, gaussian(tokens * cols, 2), tokens, cols, kBlockActivations);
    const std::vector<float> want = multiply(*table, w, x.view);
    for (const std::size_t offset : {1U, 2U, 63U}) {
      BlockMatrix moved = w.matrix;
      moved.row_bytes += offset;
      GuardedBytes memory(offset + 18 * moved.row_bytes + w.matrix.row_bytes);
      for (std::size_t r = 0; r < 19; ++r) {
        std::memcpy(memory.data() + offset + r * moved.row_bytes,
                    w.matrix.data + r * w.matrix.row_bytes, w.matrix.row_bytes);
      }
      moved.data = memory.data() + offset;
      std::vector<float> got(want.size());
      table->matmul_blocks(moved, 0, 19, x.view, got.data(), 19);
      ASSERT_EQ(got, want);
    }
  }
}

// Every scale of a byte, the subnormal ones too; only those of MXFP4 are beyond an f16.
TEST_P(BlocksOfTarget, ScalesOfAByteAreThoseOfTheReference) {
  const auto& [table, format] = GetParam();
  if (format->shape.format != FormatId::kMXFP4 && format->shape.format != FormatId::kNVFP4) return;
  const std::size_t cols = format->shape.columns;
  for (unsigned scale = 0; scale < 256; ++scale) {
    TestBlocks w(*format, 16, cols, 1);
    for (std::size_t row = 0; row < 16; ++row) {
      unsigned char* block = w.bytes.data() + row * format->shape.bytes;
      std::memset(block, static_cast<int>(scale), format->shape.bytes - cols / 2);
      std::memset(block + format->shape.bytes - cols / 2, 0x22, cols / 2);  // 1 everywhere
    }
    std::vector<float> values(cols, 0.0F);
    values[5] = 1.0F;
    const TestActivations x(*table, values, 1, cols, kBlockActivations);
    const float product = 127.0F * x.scales[0];
    const float want = w.row(0)[5];
    for (const float y : multiply(*table, w, x.view)) {
      if (std::isfinite(want * 127.0F)) {
        ASSERT_EQ(y, want * product) << scale;
      }
    }
  }
}

// Codes, scales and activations at their ends: nothing may saturate.
TEST_P(BlocksOfTarget, ExtremesAreExact) {
  const auto& [table, format] = GetParam();
  const std::size_t cols = 1024;
  for (const int byte : {0x00, 0x7F, 0x80, 0xFF}) {
    const TestBlocks w(*format, 17, cols, 1, byte);
    for (const float input : {127.0F, -127.0F}) {
      for (const std::size_t tokens : {1U, 2U, 4U, 9U, 17U}) {
        const TestActivations x(*table, std::vector<float>(tokens * cols, input), tokens, cols,
                                kBlockActivations);
        expect_products(w, x.view, multiply(*table, w, x.view));
      }
    }
  }
}

TEST_P(BlocksOfTarget, WhatIsNoNumberStaysNone) {
  const auto& [table, format] = GetParam();
  const std::size_t cols = format->shape.columns;
  for (const float bad : {INFINITY, std::nanf("")}) {
    if (format->shape.halves[0] == kNoHalf) continue;  // it has no scale that is no number
    TestBlocks w(*format, 16, cols, 2);
    w.set_half(format->shape.halves[0] + 3 * w.matrix.row_bytes, bad);
    for (const std::size_t tokens : {1U, 3U, 17U}) {
      const TestActivations x(*table, gaussian(tokens * cols, 1), tokens, cols, kBlockActivations);
      const std::vector<float> y = multiply(*table, w, x.view);
      for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(std::isfinite(y[i]), i % 16 != 3);
    }
  }
  const TestBlocks w(*format, 16, cols, 2);
  std::vector<float> values(3 * cols, 1.0F);
  values[cols + 1] = std::nanf("");
  const TestActivations x(*table, values, 3, cols, kBlockActivations);
  const std::vector<float> y = multiply(*table, w, x.view);
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(std::isnan(y[i]), i / 16 == 1);
}

TEST(HalfSums, AreThoseOfSixteenCodes) {
  std::vector<signed char> codes(96);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<signed char>(i * 91 - 128);
  std::fill_n(codes.begin(), 16, static_cast<signed char>(-127));
  for (const KernelTable* table : runnable_targets()) {
    std::vector<std::int32_t> sums(7, 99);
    table->half_sums(codes.data(), codes.size(), sums.data());
    EXPECT_EQ(sums[6], 99);
    for (std::size_t i = 0; i < 6; ++i) {
      std::int32_t want = 0;
      for (std::size_t j = 0; j < 16; ++j) want += codes[16 * i + j];
      EXPECT_EQ(sums[i], want) << table->name;
    }
  }
}

}  // namespace
}  // namespace cellm
