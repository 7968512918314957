#include "ops/delta_rule.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace cellm {
namespace {

constexpr float kNormEpsilon = 1e-6F;

template <class T>
AlignedBuffer<T> copy_of(const AlignedBuffer<T>& other) {
  AlignedBuffer<T> copy(other.size());
  std::copy(other.data(), other.data() + other.size(), copy.data());
  return copy;
}

void normalise(const Compute& compute, const float* x, std::size_t n, float scale, float* out) {
  const float factor = scale / std::sqrt(compute.kernels.dot(x, x, n) + kNormEpsilon);
  for (std::size_t i = 0; i < n; ++i) out[i] = x[i] * factor;
}

// One head's memory and what a row needs besides.
struct Head {
  float* s;
  const float* keys;
  float* deltas;
  double* log_decay;
};

// How much of what was there at the start of the chunk is left at a row, and of what row `from`
// wrote.
float decay_between(const Head& head, std::size_t row) {
  return std::exp(static_cast<float>(head.log_decay[row]));
}
float decay_between(const Head& head, std::size_t row, std::size_t from) {
  return std::exp(static_cast<float>(head.log_decay[row] - head.log_decay[from]));
}

// Row `row` of the chunk: writes its delta and its output.
void advance_row(const Compute& compute, const DeltaShape& shape, const Head& head, std::size_t row,
                 const float* q, const float* v, float beta, float* scratch, float* out) {
  const std::size_t dk = shape.key_dim;
  const std::size_t dv = shape.value_dim;
  const float* k = head.keys + row * dk;
  float* from_k = scratch;  // Sᵀk
  compute.kernels.transposed_matvec2(head.s, dk, dv, k, q, from_k, out);
  const float decay = decay_between(head, row);
  float* delta = head.deltas + row * dv;
  for (std::size_t i = 0; i < dv; ++i) {
    delta[i] = v[i] - decay * from_k[i];
    out[i] *= decay;
  }
  for (std::size_t j = 0; j < row; ++j) {
    const float* key = head.keys + j * dk;
    const float* earlier = head.deltas + j * dv;
    const float since = decay_between(head, row, j);
    compute.kernels.axpy(-since * compute.kernels.dot(k, key, dk), earlier, delta, dv);
    compute.kernels.axpy(since * compute.kernels.dot(q, key, dk), earlier, out, dv);
  }
  for (std::size_t i = 0; i < dv; ++i) delta[i] *= beta;
  compute.kernels.axpy(compute.kernels.dot(q, k, dk), delta, out, dv);
}

// Folds a full chunk into S.
void finish_chunk(const Compute& compute, const DeltaShape& shape, const Head& head) {
  constexpr std::size_t kLast = kDeltaChunk - 1;
  const float decay = decay_between(head, kLast);
  float since[kDeltaChunk];
  for (std::size_t j = 0; j < kDeltaChunk; ++j) since[j] = decay_between(head, kLast, j);
  for (std::size_t d = 0; d < shape.key_dim; ++d) {
    float* row = head.s + d * shape.value_dim;
    for (std::size_t i = 0; i < shape.value_dim; ++i) row[i] *= decay;
    for (std::size_t j = 0; j < kDeltaChunk; ++j) {
      compute.kernels.axpy(since[j] * head.keys[j * shape.key_dim + d],
                           head.deltas + j * shape.value_dim, row, shape.value_dim);
    }
  }
}

}  // namespace

DeltaState::DeltaState(const DeltaShape& sizes)
    : shape(sizes),
      s(sizes.value_heads * sizes.key_dim * sizes.value_dim),
      keys(sizes.key_heads * kDeltaChunk * sizes.key_dim),
      deltas(sizes.value_heads * kDeltaChunk * sizes.value_dim),
      log_decay(sizes.value_heads * kDeltaChunk) {}

DeltaState::DeltaState(const DeltaState& other)
    : shape(other.shape),
      pending(other.pending),
      s(copy_of(other.s)),
      keys(copy_of(other.keys)),
      deltas(copy_of(other.deltas)),
      log_decay(copy_of(other.log_decay)) {}

DeltaState& DeltaState::operator=(const DeltaState& other) {
  if (this == &other) return *this;
  DeltaState copy(other);
  shape = copy.shape;
  pending = copy.pending;
  s = std::move(copy.s);
  keys = std::move(copy.keys);
  deltas = std::move(copy.deltas);
  log_decay = std::move(copy.log_decay);
  return *this;
}

void delta_rule(const Compute& compute, DeltaState& state, const DeltaInput& input,
                std::size_t tokens, float* out) {
  const DeltaShape& shape = state.shape;
  const std::size_t dk = shape.key_dim;
  const std::size_t dv = shape.value_dim;
  const std::size_t heads_per_key = shape.value_heads / shape.key_heads;
  const float q_scale = 1.0F / std::sqrt(static_cast<float>(dk));

  compute.pool.parallel_for(shape.key_heads, 1, [&](std::size_t key_head, std::size_t) {
    std::vector<float> q(dk);
    std::vector<float> scratch(dv);
    float* keys = state.keys.data() + key_head * kDeltaChunk * dk;
    std::size_t row = state.pending;
    for (std::size_t t = 0; t < tokens; ++t) {
      const std::size_t at = t * input.qkv_stride + key_head * dk;
      normalise(compute, input.q + at, dk, q_scale, q.data());
      normalise(compute, input.k + at, dk, 1.0F, keys + row * dk);
      for (std::size_t h = key_head * heads_per_key; h < (key_head + 1) * heads_per_key; ++h) {
        const Head head{state.s.data() + h * dk * dv, keys,
                        state.deltas.data() + h * kDeltaChunk * dv,
                        state.log_decay.data() + h * kDeltaChunk};
        const double before = row == 0 ? 0.0 : head.log_decay[row - 1];
        head.log_decay[row] = before + static_cast<double>(input.g[t * shape.value_heads + h]);
        advance_row(compute, shape, head, row, q.data(), input.v + t * input.qkv_stride + h * dv,
                    input.beta[t * shape.value_heads + h], scratch.data(),
                    out + (t * shape.value_heads + h) * dv);
        if (row + 1 == kDeltaChunk) finish_chunk(compute, shape, head);
      }
      row = (row + 1) % kDeltaChunk;
    }
  });
  state.pending = (state.pending + tokens) % kDeltaChunk;
}

}  // namespace cellm
