// Backward pass of attention.h; the softmax is recomputed instead of stored (arXiv:2205.14135,
// §B.4).
#pragma once

#include <cstddef>

#include "ops/compute.h"

namespace cellm {

struct AttentionShape {
  std::size_t heads;
  std::size_t kv_heads;  // divides heads
  std::size_t head_dim;
};

// For a whole sequence of `tokens`, with q and k after norm and rotation: dq, dk, dv from dout.
// q, out, dout, dq: (tokens, heads, head_dim); k, v, dk, dv: (tokens, kv_heads, head_dim);
// out is the result of the forward pass. With p the softmax of s = scale · q·k:
//   dv_j = Σ_i p_ij dout_i;  ds_ij = p_ij (dout_i·v_j − dout_i·out_i);
//   dq_i = scale Σ_j ds_ij k_j;  dk_j = scale Σ_i ds_ij q_i.
void attention_backward(const Compute& compute, const AttentionShape& shape, float scale,
                        std::size_t tokens, const float* q, const float* k, const float* v,
                        const float* out, const float* dout, float* dq, float* dk, float* dv);

}  // namespace cellm
