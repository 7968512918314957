// The only thing that multiplies activations by weights.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "layout/matrix.h"
#include "ops/compute.h"

namespace cellm {

// y = W x + bias. Callers never learn the format or the layout of W.
struct Linear {
  MatrixPtr weights;
  std::vector<float> bias = {};  // (rows); empty if there is none

  std::size_t rows() const { return weights->rows(); }
  std::size_t cols() const { return weights->cols(); }
};

// One of several products of the same input. y: (tokens, out) without gaps.
struct Product {
  const Linear* linear;
  float* y;
};

// All products of x, (tokens, in) without gaps, in one parallel loop. An output depends, bit by
// bit, on its own row and token only: neither on the number of tokens nor on the number of threads.
void apply(const Compute& compute, std::span<const Product> products, const float* x,
           std::size_t tokens);
void apply(const Compute& compute, const Linear& linear, const float* x, std::size_t tokens,
           float* y);

// Row `row` of an embedding as cols floats.
void read_row(const Compute& compute, const Linear& embedding, std::size_t row, float* out);

}  // namespace cellm
