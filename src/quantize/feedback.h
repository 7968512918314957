// Coding a matrix column by column, each compensating for the errors of those before.
#pragma once

#include <cstddef>
#include <functional>

#include "kernels/kernel_table.h"
#include "quantize/feedback_factor.h"

namespace cellm {

// A block of columns to be coded, of all rows at once: columns [begin, begin + width).
struct ColumnBlock {
  std::size_t begin = 0;
  std::size_t width = 0;  // the factor's; narrower only at the end of the row
  std::size_t rows = 0;
  const float* targets = nullptr;  // (rows, width): what the block should be
  float* coded = nullptr;          // (rows, width): what its codes stand for, to be filled
};

// Codes the block and keeps the codes; called for one block after the other, from left to right.
using ColumnCoder = std::function<void(const ColumnBlock& block)>;

// Columns [begin, begin + width) before the first of them is coded: what they should be if coding
// them caused no further errors. For choosing a scale that they share.
struct ColumnGroup {
  std::size_t begin = 0;
  std::size_t width = 0;
  std::size_t rows = 0;
  const float* targets = nullptr;  // (rows, width)
};
using GroupVisitor = std::function<void(const ColumnGroup& group)>;

struct FeedbackOptions {
  // Columns of a group, a multiple of the factor's width; 0: nobody wants to see groups.
  std::size_t group = 0;
  GroupVisitor enter_group;
};

// Codes (rows, cols) of weights and writes what they became to `coded`, (rows, cols). losses, if
// not null, gets for each row its e H eᵀ (damped H, e = weights − coded). Works on the calling
// thread; rows do not depend on each other, so a caller may divide a matrix among threads, as the
// coder permits: a row gets the same whatever rows are beside it.
void code_columns(const FeedbackFactor& factor, const KernelTable& kernels, std::size_t rows,
                  const float* weights, const ColumnCoder& coder, const FeedbackOptions& options,
                  float* coded, double* losses);

// For each row the factor by which `coded` should be scaled to have the least loss,
// (w H q) / (q H q): 1 if it is all zeros.
void best_row_factors(const FeedbackFactor& factor, const KernelTable& kernels, std::size_t rows,
                      const float* weights, const float* coded, double* factors);

}  // namespace cellm
