// Quantization of a matrix column by column with error feedback: each column compensates for the
// errors of the columns before it.
#pragma once

#include <cstddef>
#include <functional>

#include "kernels/kernel_table.h"
#include "quantize/feedback_factor.h"

namespace cellm {

// A block of columns to quantize, all rows at once: columns [begin, begin + width).
struct ColumnBlock {
  std::size_t begin = 0;
  std::size_t width = 0;  // the factor's; narrower only at the end of the row
  std::size_t rows = 0;
  const float* targets = nullptr;  // (rows, width): the values to approximate
  float* quantized = nullptr;      // (rows, width), output: the dequantized values
};

// Quantizes the block and stores its codes; called for one block after the other, from left to
// right.
using ColumnQuantizer = std::function<void(const ColumnBlock& block)>;

// Columns [begin, begin + width) before the first of them is quantized: their targets under the
// assumption that they cause no errors themselves. For choosing a shared scale.
struct ColumnGroup {
  std::size_t begin = 0;
  std::size_t width = 0;
  std::size_t rows = 0;
  const float* targets = nullptr;  // (rows, width)
};
using GroupVisitor = std::function<void(const ColumnGroup& group)>;

struct FeedbackOptions {
  // Columns of a group, a multiple of the factor's width; 0: enter_group is not called.
  std::size_t group = 0;
  GroupVisitor enter_group;
  // The same for parts of a group, which divide it: entered after the group that they begin.
  std::size_t part = 0;
  GroupVisitor enter_part = {};
};

// Quantizes weights, (rows, cols), and writes the dequantized values to `quantized`, (rows, cols).
// losses, if not null, receives e H eᵀ for each row (damped H, e = weights − quantized). Runs on
// the calling thread. Rows are independent, so a caller may divide a matrix among threads if
// `quantize` allows it.
void quantize_columns(const FeedbackFactor& factor, const KernelTable& kernels, std::size_t rows,
                      const float* weights, const ColumnQuantizer& quantize,
                      const FeedbackOptions& options, float* quantized, double* losses);

// For each row the factor on `quantized` with the least loss, (w H q) / (q H q); 1 for a row of
// zeros.
void best_row_factors(const FeedbackFactor& factor, const KernelTable& kernels, std::size_t rows,
                      const float* weights, const float* quantized, double* factors);

}  // namespace cellm
