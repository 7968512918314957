// Backward pass of delta_rule.h, chunk by chunk from the end; the rows of a chunk are recomputed
// from the state at its start.
#pragma once

#include <cstddef>

#include "ops/compute.h"
#include "ops/delta_rule.h"

namespace cellm {

// The gradients of a DeltaInput, outputs: the same shapes and the same stride between tokens.
struct DeltaGradient {
  float* q;
  float* k;
  float* v;
  std::size_t qkv_stride;
  float* g;
  float* beta;
};

// For delta_rule() over a whole sequence from an empty state: the gradients of its input from dout,
// (tokens, value_heads, value_dim). Takes tokens / kDeltaChunk states of memory for each thread.
void delta_rule_backward(const Compute& compute, const DeltaShape& shape, const DeltaInput& input,
                         std::size_t tokens, const float* dout, const DeltaGradient& gradient);

}  // namespace cellm
