// The gated delta rule (arXiv:2412.06464), in chunks that do not depend on how tokens arrive.
//
// Per value head, with state S (dk, dv), decay e^g and write strength β, one token does
//   S ← e^g S;  δ = β (v − Sᵀk);  S ← S + k δᵀ;  o = Sᵀq.
// Over a chunk, with G the running sum of g inside it and S the state at its start, this is
//   δ_i = β_i (v_i − e^{G_i} Sᵀk_i − Σ_{j<i} e^{G_i−G_j} (k_i·k_j) δ_j)
//   o_i =            e^{G_i} Sᵀq_i + Σ_{j≤i} e^{G_i−G_j} (q_i·k_j) δ_j
//   S   ← e^{G_n} S + Σ_j e^{G_n−G_j} k_j δ_jᵀ   at its end.
// Row i needs S and the rows before it only, so the rows of an unfinished chunk are kept as state
// and S is read, not written, until the chunk is full. Chunks start at multiples of kDeltaChunk
// counted from the start of the sequence: a prompt gives the same bits however it is cut. All
// exponents are ≤ 0.
#pragma once

#include <cstddef>
#include <span>

#include "base/aligned_buffer.h"
#include "ops/compute.h"

namespace cellm {

inline constexpr std::size_t kDeltaChunk = 32;

struct DeltaShape {
  std::size_t key_heads;
  std::size_t value_heads;  // a multiple of key_heads; value head h uses key head h / (value / key)
  std::size_t key_dim;
  std::size_t value_dim;
};

// State of one layer of one sequence. G is f64: after one strong decay it is large, and the small
// differences that follow must not drown in it.
struct DeltaState {
  explicit DeltaState(const DeltaShape& shape);

  DeltaShape shape;
  // Rows of the unfinished chunk, < kDeltaChunk; = kDeltaChunk only after a tentative run.
  std::size_t pending = 0;
  AlignedBuffer<float> s;           // (value_heads, key_dim, value_dim), at the start of the chunk
  AlignedBuffer<float> keys;        // (key_heads, kDeltaChunk, key_dim)
  AlignedBuffer<float> deltas;      // (value_heads, kDeltaChunk, value_dim)
  AlignedBuffer<double> log_decay;  // (value_heads, kDeltaChunk): G
};

// q, k: (tokens, key_heads, key_dim) as they leave the convolution: normalised here,
// x · rsqrt(Σx² + 1e-6), and q scaled by key_dim^−½ (transformers modeling_qwen3_5.py).
// v, out: (tokens, value_heads, value_dim); g, beta: (tokens, value_heads), g ≤ 0.
// qkv_stride is the distance between tokens in q, k and v.
struct DeltaInput {
  const float* q;
  const float* k;
  const float* v;
  std::size_t qkv_stride;
  const float* g;
  const float* beta;
};
// The tokens of one sequence.
struct DeltaRun {
  DeltaState* state;
  DeltaInput input;
  std::size_t tokens;
  float* out;
  // The last of the tokens may be taken back, by a smaller `pending`: S is left as it is, also at
  // the end of the chunk, beyond which the tokens do not reach. finish_full_chunks() must follow.
  bool tentative = false;
};
// Several sequences with states of one shape; each gets what it would get alone.
void delta_rule(const Compute& compute, std::span<const DeltaRun> runs);

// Updates S of those states, all of one shape, whose chunk has kDeltaChunk rows.
void finish_full_chunks(const Compute& compute, std::span<DeltaState* const> states);

}  // namespace cellm
