#include "ops/delta_rule.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "ops/delta_rule_shared.h"

namespace cellm {
namespace {

// out = x / √(|x|² + ε) · scale
void normalize(const Compute& compute, const float* x, std::size_t n, float scale, float* out) {
  const float factor = scale / std::sqrt(compute.kernels.dot(x, x, n) + kDeltaNormEpsilon);
  for (std::size_t i = 0; i < n; ++i) out[i] = x[i] * factor;
}

// The state of one value head (DeltaState). The keys are those of its key head.
struct Head {
  float* s;           // (key_dim, value_dim)
  const float* keys;  // (kDeltaChunk, key_dim)
  float* deltas;      // (kDeltaChunk, value_dim)
  double* log_decay;  // (kDeltaChunk): G
};

Head head_of(DeltaState& state, std::size_t value_head) {
  const DeltaShape& shape = state.shape;
  const std::size_t key_head = value_head / (shape.value_heads / shape.key_heads);
  return {state.s.data() + value_head * shape.key_dim * shape.value_dim,
          state.keys.data() + key_head * kDeltaChunk * shape.key_dim,
          state.deltas.data() + value_head * kDeltaChunk * shape.value_dim,
          state.log_decay.data() + value_head * kDeltaChunk};
}

// e^G of a row: the decay of S from the start of the chunk.
float decay_until(const Head& head, std::size_t row) {
  return std::exp(static_cast<float>(head.log_decay[row]));
}

// out[j] = e^(G_row − G_j) for rows j < row: the decay of the update of row j.
void decays_since(const Compute& compute, const Head& head, std::size_t row, float* out) {
  for (std::size_t j = 0; j < row; ++j) {
    out[j] = static_cast<float>(head.log_decay[row] - head.log_decay[j]);
  }
  compute.kernels.exp_sum(out, 0.0F, row);
}

// Buffers for the rows of a chunk that are computed together.
struct Scratch {
  Scratch(const DeltaShape& shape, std::size_t rows)
      : probes(2 * rows * shape.key_dim), answers(2 * rows * shape.value_dim) {}
  // The keys of the rows, then their queries, so that S is read once for both.
  std::vector<float> probes;   // (2, rows, key_dim), normalized
  std::vector<float> answers;  // (2, rows, value_dim): Sᵀk, then Sᵀq and later o
  // (key_dim, kDeltaChunk): decayed keys of finish_chunk(), allocated there.
  std::vector<float> folds;
};

// Computes δ and o of the rows [begin, end) of the chunk, whose keys, queries (in scratch.probes)
// and decays are set: δ into head.deltas, o into the second half of scratch.answers. v, beta: those
// of row `begin`, with the distance from one token to the next.
void advance_rows(const Compute& compute, const DeltaShape& shape, const Head& head,
                  std::size_t begin, std::size_t end, const float* v, std::size_t v_stride,
                  const float* beta, std::size_t beta_stride, Scratch& scratch) {
  const KernelTable& kernels = compute.kernels;
  const std::size_t dk = shape.key_dim;
  const std::size_t dv = shape.value_dim;
  const std::size_t count = end - begin;
  const float* queries = scratch.probes.data() + count * dk;
  std::fill_n(scratch.answers.data(), 2 * count * dv, 0.0F);
  kernels.mix_rows(scratch.probes.data(), dk, 2 * count, rows_of(head.s, dk, dv),
                   scratch.answers.data());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t row = begin + i;
    const float* from_key = scratch.answers.data() + i * dv;
    float* out = scratch.answers.data() + (count + i) * dv;
    float* delta = head.deltas + row * dv;
    const float decay = decay_until(head, row);
    for (std::size_t c = 0; c < dv; ++c) {
      delta[c] = v[i * v_stride + c] - decay * from_key[c];
      out[c] *= decay;
    }
    float since[kDeltaChunk];
    float key_products[kDeltaChunk];
    float query_products[kDeltaChunk];
    decays_since(compute, head, row, since);
    since[row] = 1.0F;
    const VectorRows keys = rows_of(head.keys, row + 1, dk);
    kernels.dot_rows(head.keys + row * dk, 1, keys, key_products, kDeltaChunk);
    kernels.dot_rows(queries + i * dk, 1, keys, query_products, kDeltaChunk);
    for (std::size_t j = 0; j <= row; ++j) {
      key_products[j] *= -since[j];
      query_products[j] *= since[j];
    }
    kernels.mix_rows(key_products, kDeltaChunk, 1, rows_of(head.deltas, row, dv), delta);
    for (std::size_t c = 0; c < dv; ++c) delta[c] *= beta[i * beta_stride];
    kernels.mix_rows(query_products, kDeltaChunk, 1, rows_of(head.deltas, row + 1, dv), out);
  }
}

// The update of S at the end of a chunk. folds: a buffer.
void finish_chunk(const Compute& compute, const DeltaShape& shape, const Head& head,
                  std::vector<float>& folds) {
  constexpr std::size_t kLast = kDeltaChunk - 1;
  folds.resize(shape.key_dim * kDeltaChunk);
  float since[kDeltaChunk];
  decays_since(compute, head, kLast, since);
  since[kLast] = 1.0F;
  for (std::size_t d = 0; d < shape.key_dim; ++d) {
    for (std::size_t j = 0; j < kDeltaChunk; ++j) {
      folds[d * kDeltaChunk + j] = since[j] * head.keys[j * shape.key_dim + d];
    }
  }
  const float decay = decay_until(head, kLast);
  for (std::size_t i = 0; i < shape.key_dim * shape.value_dim; ++i) head.s[i] *= decay;
  compute.kernels.mix_rows(folds.data(), kDeltaChunk, shape.key_dim,
                           rows_of(head.deltas, kDeltaChunk, shape.value_dim), head.s);
}

// The value heads of a key head.
void advance_heads(const Compute& compute, const DeltaRun& run, std::size_t key_head) {
  DeltaState& state = *run.state;
  const DeltaInput& input = run.input;
  const std::size_t tokens = run.tokens;
  float* out = run.out;
  const DeltaShape& shape = state.shape;
  const std::size_t dk = shape.key_dim;
  const std::size_t dv = shape.value_dim;
  const std::size_t heads_per_key = shape.value_heads / shape.key_heads;
  const float q_scale = 1.0F / std::sqrt(static_cast<float>(dk));
  Scratch scratch(shape, std::min(kDeltaChunk, tokens));
  float* keys = state.keys.data() + key_head * kDeltaChunk * dk;
  std::size_t row = state.pending;
  for (std::size_t done = 0; done < tokens;) {  // up to the end of a chunk at a time
    const std::size_t count = std::min(kDeltaChunk - row, tokens - done);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = (done + i) * input.qkv_stride + key_head * dk;
      normalize(compute, input.q + at, dk, q_scale, scratch.probes.data() + (count + i) * dk);
      normalize(compute, input.k + at, dk, 1.0F, keys + (row + i) * dk);
    }
    std::copy_n(keys + row * dk, count * dk, scratch.probes.data());
    for (std::size_t h = key_head * heads_per_key; h < (key_head + 1) * heads_per_key; ++h) {
      const Head head = head_of(state, h);
      for (std::size_t i = 0; i < count; ++i) {
        const double before = row + i == 0 ? 0.0 : head.log_decay[row + i - 1];
        head.log_decay[row + i] =
            before + static_cast<double>(input.g[(done + i) * shape.value_heads + h]);
      }
      advance_rows(compute, shape, head, row, row + count,
                   input.v + done * input.qkv_stride + h * dv, input.qkv_stride,
                   input.beta + done * shape.value_heads + h, shape.value_heads, scratch);
      for (std::size_t i = 0; i < count; ++i) {
        std::copy_n(scratch.answers.data() + (count + i) * dv, dv,
                    out + ((done + i) * shape.value_heads + h) * dv);
      }
      if (row + count == kDeltaChunk && !run.tentative) {
        finish_chunk(compute, shape, head, scratch.folds);
      }
    }
    row = (row + count) % kDeltaChunk;
    done += count;
  }
}

}  // namespace

DeltaState::DeltaState(const DeltaShape& sizes)
    : shape(sizes),
      s(sizes.value_heads * sizes.key_dim * sizes.value_dim),
      keys(sizes.key_heads * kDeltaChunk * sizes.key_dim),
      deltas(sizes.value_heads * kDeltaChunk * sizes.value_dim),
      log_decay(sizes.value_heads * kDeltaChunk) {}

void delta_rule(const Compute& compute, std::span<const DeltaRun> runs) {
  if (runs.empty()) return;
  const std::size_t key_heads = runs.front().state->shape.key_heads;
  for (const DeltaRun& run : runs) {
    CELLM_CHECK(!run.tentative || run.tokens <= kDeltaChunk - run.state->pending);
  }
  compute.pool.parallel_for(runs.size() * key_heads, 1, [&](std::size_t i, std::size_t) {
    advance_heads(compute, runs[i / key_heads], i % key_heads);
  });
  for (const DeltaRun& run : runs) {
    run.state->pending += run.tokens;
    if (!run.tentative) run.state->pending %= kDeltaChunk;
  }
}

void finish_full_chunks(const Compute& compute, std::span<DeltaState* const> states) {
  std::vector<DeltaState*> full;
  for (DeltaState* state : states) {
    if (state->pending == kDeltaChunk) full.push_back(state);
  }
  if (full.empty()) return;
  const DeltaShape& shape = full.front()->shape;
  const std::size_t heads = shape.value_heads;
  compute.pool.parallel_for(full.size() * heads, 1, [&](std::size_t i, std::size_t) {
    std::vector<float> folds;
    finish_chunk(compute, shape, head_of(*full[i / heads], i % heads), folds);
  });
  for (DeltaState* state : full) state->pending = 0;
}

}  // namespace cellm
