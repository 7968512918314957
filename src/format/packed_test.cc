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
      : codes(rows * format_info(format).row_bytes(cols)), scales(rows * cols) {
    std::mt19937 random(static_cast<unsigned>(rows * cols));
    for (auto& byte : codes) byte = static_cast<std::byte>(random());
    for (auto& scale : scales) scale = static_cast<std::uint16_t>(random() % 0x7C00);  // finite
    if (format == FormatId::kQ1) {
      for (std::size_t i = 1; i < codes.size(); i += Q1::kBlockBytes) codes[i] &= std::byte{0x3F};
    }
    tensor = {format,       rows,
              cols,         format_info(format).has_scales ? group : 0,
              codes.data(), format_info(format).has_scales ? scales.data() : nullptr,
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
            << format_info(format).name << " cols " << cols << " row " << row;
      }
    }
  }
}

TEST(Packed, WhatHasNoPackedFormIsLeftAlone) {
  ThreadPool pool(1);
  EXPECT_FALSE(pack(RandomMatrix(FormatId::kF16, 4, 32, 0).tensor, pool));
  EXPECT_FALSE(pack(RandomMatrix(FormatId::kI4, 4, 160, 80).tensor, pool));
  EXPECT_FALSE(pack(RandomMatrix(FormatId::kF8E4M3, 4, 32, 0).tensor, pool));
}

}  // namespace
}  // namespace cellm
