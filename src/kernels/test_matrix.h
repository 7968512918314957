// A matrix of a row format for the tests of kernels.
#pragma once

#include <random>
#include <vector>

#include "format/formats.h"
#include "kernels/kernel_table.h"
#include "kernels/test_kernels.h"

namespace cellm {

// Random weights, quantized by the reference, at the end of a guarded page.
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

}  // namespace cellm
