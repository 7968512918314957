#include "format/packed.h"

#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "format/formats.h"

namespace cellm {
namespace {

// A matrix with random codes, so that every code occurs.
struct RandomMatrix {
  RandomMatrix(FormatId format, std::size_t rows, std::size_t cols, std::size_t group)
      : codes(rows * format_spec(format).row_bytes(cols)), scales(rows * cols) {
    std::mt19937 random(static_cast<unsigned>(rows * cols));
    for (auto& byte : codes) byte = static_cast<std::byte>(random());
    for (auto& scale : scales) scale = static_cast<std::uint16_t>(random() % 0x7C00);  // finite
    if (format == FormatId::kQ1) {
      for (std::size_t i = 1; i < codes.size(); i += Q1::kBlockBytes) codes[i] &= std::byte{0x3F};
    }
    tensor = {format,       rows,
              cols,         format_spec(format).has_scales ? group : 0,
              codes.data(), format_spec(format).has_scales ? scales.data() : nullptr,
              nullptr};
  }
  std::vector<std::byte> codes;
  std::vector<std::uint16_t> scales;
  Tensor tensor;
};

TEST(Packed, RowsDequantizeToTheSameValues) {
  ThreadPool pool(2);
  for (const auto& [format, cols, group] : {std::tuple{FormatId::kI8, 37U, 37U},
                                            {FormatId::kI8, 128U, 128U},
                                            {FormatId::kI4, 33U, 33U},
                                            {FormatId::kI4, 96U, 32U},
                                            {FormatId::kI4, 256U, 128U},
                                            {FormatId::kI4, 192U, 96U},
                                            {FormatId::kI2, 50U, 50U},
                                            {FormatId::kI2, 128U, 128U},
                                            {FormatId::kQ1, 40U, 0U},
                                            {FormatId::kQ1, 300U, 0U}}) {
    for (const std::size_t rows : {1U, 16U, 35U}) {
      const RandomMatrix matrix(format, rows, cols, group);
      const auto packed = pack(matrix.tensor, pool);
      ASSERT_TRUE(packed);
      for (std::size_t row = 0; row < rows; ++row) {
        std::vector<float> want(cols);
        std::vector<float> got(cols);
        dequantize_row(matrix.tensor, row, want.data());
        dequantize_packed_row(*packed, row, got.data());
        EXPECT_EQ(std::memcmp(want.data(), got.data(), cols * sizeof(float)), 0)
            << format_spec(format).name << " cols " << cols << " row " << row;
      }
      const Tensor rows_again = unpack(*packed, pool);
      EXPECT_EQ(rows_again.format, format);
      for (std::size_t row = 0; row < rows; ++row) {
        std::vector<float> want(cols);
        std::vector<float> got(cols);
        dequantize_row(matrix.tensor, row, want.data());
        dequantize_row(rows_again, row, got.data());
        EXPECT_EQ(want, got) << format_spec(format).name << " cols " << cols << " row " << row;
      }
    }
  }
}

// The bytes of quantize_row() come back, the padding of a row included.
TEST(Packed, UnpackedBytesAreThoseOfTheFormat) {
  ThreadPool pool(2);
  for (const auto& [format, cols, group] : {std::tuple{FormatId::kI8, 37U, 37U},
                                            {FormatId::kI4, 33U, 33U},
                                            {FormatId::kI4, 96U, 32U},
                                            {FormatId::kI2, 50U, 50U},
                                            {FormatId::kQ1, 300U, 0U}}) {
    constexpr std::size_t kRows = 19;
    const FormatSpec& info = format_spec(format);
    RandomMatrix matrix(format, kRows, cols, group);
    std::mt19937 random(5);
    std::normal_distribution<float> normal;
    for (std::size_t row = 0; row < kRows; ++row) {
      std::vector<float> weights(cols);
      for (float& weight : weights) weight = normal(random);
      info.quantize_row(weights.data(), cols, group,
                        matrix.codes.data() + row * info.row_bytes(cols),
                        matrix.scales.data() + (group == 0 ? 0 : row * (cols / group)));
    }
    const Tensor again = unpack(*pack(matrix.tensor, pool), pool);
    EXPECT_EQ(std::memcmp(again.data, matrix.codes.data(), matrix.codes.size()), 0) << info.name;
    EXPECT_EQ(again.group, matrix.tensor.group) << info.name;
    for (std::size_t i = 0; i < (group == 0 ? 0 : kRows * (cols / group)); ++i)
      ASSERT_EQ(again.scales[i], matrix.scales[i]) << info.name;
  }
}

TEST(Packed, WhatHasNoPackedFormIsLeftAlone) {
  ThreadPool pool(1);
  EXPECT_FALSE(pack(RandomMatrix(FormatId::kF16, 4, 32, 0).tensor, pool));
  EXPECT_FALSE(pack(RandomMatrix(FormatId::kI4, 4, 160, 80).tensor, pool));
  EXPECT_FALSE(pack(RandomMatrix(FormatId::kF8E4M3, 4, 32, 0).tensor, pool));
  EXPECT_FALSE(pack(RandomMatrix(FormatId::kI8, 4, 64, 32).tensor, pool));
  EXPECT_FALSE(pack(RandomMatrix(FormatId::kI2, 4, 256, 128).tensor, pool));
}

}  // namespace
}  // namespace cellm
