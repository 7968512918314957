// The only thing that multiplies activations by weights.
#pragma once

#include <cstddef>

#include "format/tensor.h"
#include "ops/compute.h"

namespace cellm {

// y = W x. Callers never learn the format of W.
struct Linear {
  Tensor weight;  // (out, in)
};

// x: (tokens, in), y: (tokens, out), both without gaps. An output depends on its own row and token
// alone, bit by bit: neither on the number of tokens nor on the number of threads.
void apply(const Compute& compute, const Linear& linear, const float* x, std::size_t tokens,
           float* y);

// Row `row` of an embedding as cols floats.
void read_row(const Compute& compute, const Tensor& embedding, std::size_t row, float* out);

}  // namespace cellm
