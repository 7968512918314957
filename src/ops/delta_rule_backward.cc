#include "ops/delta_rule_backward.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "ops/delta_rule_shared.h"

namespace cellm {
namespace {

// Vectors of one head, normalised and scaled, with what their gradient needs.
struct Normalised {
  Normalised(const Compute& compute, const float* x, std::size_t stride, std::size_t tokens,
             std::size_t dim, float scale_)
      : scale(scale_), rows(tokens * dim), factors(tokens), gradients(tokens * dim) {
    for (std::size_t t = 0; t < tokens; ++t) {
      const float* row = x + t * stride;
      factors[t] = 1.0F / std::sqrt(compute.kernels.dot(row, row, dim) + kDeltaNormEpsilon);
      for (std::size_t d = 0; d < dim; ++d) rows[t * dim + d] = scale * factors[t] * row[d];
    }
  }

  // From the gradients of the rows to those of x: y = c f x with f = rsqrt(x² + ε) gives
  // dx = c f dy − c f³ x (x·dy).
  void finish(const Compute& compute, const float* x, std::size_t stride, std::size_t dim,
              float* dx) const {
    for (std::size_t t = 0; t < factors.size(); ++t) {
      const float* dy = gradients.data() + t * dim;
      const float* row = x + t * stride;
      const float f = factors[t];
      const float along = scale * f * f * f * compute.kernels.dot(row, dy, dim);
      for (std::size_t d = 0; d < dim; ++d) {
        dx[t * stride + d] = scale * f * dy[d] - along * row[d];
      }
    }
  }

  float scale;
  std::vector<float> rows;       // (tokens, dim)
  std::vector<float> factors;    // (tokens)
  std::vector<float> gradients;  // (tokens, dim), summed over the value heads
};

// Destinations of the gradients of a chunk. v, g and beta: of its first token, with the distance to
// the next.
struct ChunkGradient {
  float* keys;     // (count, dk), added to
  float* queries;  // likewise
  float* v;
  std::size_t v_stride;
  float* g;
  float* beta;
  std::size_t stride;  // of g and beta
};

// The rows of a chunk of one value head and how they hang together; the names are those of
// delta_rule.h.
class Chunk {
 public:
  Chunk(const Compute& compute, const DeltaShape& shape)
      : compute_(compute),
        dk_(shape.key_dim),
        dv_(shape.value_dim),
        from_keys_(kDeltaChunk * dv_),
        from_queries_(kDeltaChunk * dv_),
        rests_(kDeltaChunk * dv_),
        deltas_(kDeltaChunk * dv_),
        douts_(kDeltaChunk * dv_),
        ddeltas_(kDeltaChunk * dv_),
        writes_(kDeltaChunk * dv_),
        wide_(kDeltaChunk * dk_),
        turned_(dk_ * kDeltaChunk) {}

  // The rows of the chunk from the state at its start. g and beta: of its first token.
  void load(const float* keys, const float* queries, const float* v, std::size_t v_stride,
            const float* g, const float* beta, std::size_t stride, std::size_t count,
            const float* state) {
    count_ = count;
    keys_ = keys;
    queries_ = queries;
    double sum = 0.0;
    double log_decay[kDeltaChunk];
    for (std::size_t i = 0; i < count; ++i) {
      sum += static_cast<double>(g[i * stride]);
      log_decay[i] = sum;
      decay_[i] = std::exp(static_cast<float>(sum));
      beta_[i] = beta[i * stride];
      for (std::size_t j = 0; j <= i; ++j) {
        since_[i][j] = std::exp(static_cast<float>(log_decay[i] - log_decay[j]));
      }
    }
    const KernelTable& kernels = compute_.kernels;
    kernels.dot_rows(keys, count, rows_of(keys, count, dk_), &key_products_[0][0], kDeltaChunk);
    kernels.dot_rows(queries, count, rows_of(keys, count, dk_), &query_products_[0][0],
                     kDeltaChunk);
    std::fill(from_keys_.begin(), from_keys_.end(), 0.0F);
    std::fill(from_queries_.begin(), from_queries_.end(), 0.0F);
    kernels.mix_rows(keys, dk_, count, rows_of(state, dk_, dv_), from_keys_.data());
    kernels.mix_rows(queries, dk_, count, rows_of(state, dk_, dv_), from_queries_.data());
    for (std::size_t i = 0; i < count; ++i) {
      float* rest = rests_.data() + i * dv_;
      for (std::size_t c = 0; c < dv_; ++c) {
        rest[c] = v[i * v_stride + c] - decay_[i] * from_keys_[i * dv_ + c];
      }
      for (std::size_t j = 0; j < i; ++j) {
        kernels.axpy(-since_[i][j] * key_products_[i][j], deltas_.data() + j * dv_, rest, dv_);
      }
      for (std::size_t c = 0; c < dv_; ++c) deltas_[i * dv_ + c] = beta_[i] * rest[c];
    }
  }

  // state: from the start of the chunk to its end.
  void advance(float* state) {
    const std::size_t last = count_ - 1;
    for (std::size_t i = 0; i < dk_ * dv_; ++i) state[i] *= decay_[last];
    add_outer(keys_, since_[last], deltas_.data(), state);
  }

  // The backward pass of load() and advance(). state: at the start of the chunk. dstate: from the
  // gradient of the state at the end of the chunk to that at its start. dout: of the first token.
  void backward(const float* state, const float* dout, std::size_t dout_stride, float* dstate,
                const ChunkGradient& gradient) {
    for (std::size_t i = 0; i < count_; ++i)
      std::copy_n(dout + i * dout_stride, dv_, douts_.data() + i * dv_);
    std::fill_n(dlog_, kDeltaChunk, 0.0);
    deltas_backward(state, dstate);
    rows_backward(gradient);
    products_backward(gradient);
    states_backward(state, dstate, gradient);
    double sum = 0.0;  // g of a token is in G of all rows from its own on
    for (std::size_t i = count_; i-- > 0;) {
      sum += dlog_[i];
      gradient.g[i * gradient.stride] = static_cast<float>(sum);
    }
    state_backward(dstate);
  }

 private:
  // Gradients of the deltas from the state at the end of the chunk and from its outputs.
  void deltas_backward(const float* state, const float* dstate) {
    const KernelTable& kernels = compute_.kernels;
    const std::size_t n = count_;
    const std::size_t last = n - 1;
    std::fill(ddeltas_.begin(), ddeltas_.end(), 0.0F);
    kernels.mix_rows(keys_, dk_, n, rows_of(dstate, dk_, dv_), ddeltas_.data());
    for (std::size_t j = 0; j < n; ++j) {
      float* row = ddeltas_.data() + j * dv_;
      const double kept =
          static_cast<double>(since_[last][j] * kernels.dot(row, deltas_.data() + j * dv_, dv_));
      dlog_[last] += kept;
      dlog_[j] -= kept;
      for (std::size_t c = 0; c < dv_; ++c) row[c] *= since_[last][j];
      for (std::size_t i = j; i < n; ++i) {
        kernels.axpy(since_[i][j] * query_products_[i][j], douts_.data() + i * dv_, row, dv_);
      }
    }
    dlog_[last] += static_cast<double>(decay_[last] * kernels.dot(state, dstate, dk_ * dv_));
  }

  // From the deltas to the rests, v and beta, last row first: a row is used by those after it.
  void rows_backward(const ChunkGradient& gradient) {
    const KernelTable& kernels = compute_.kernels;
    for (std::size_t i = count_; i-- > 0;) {
      const float* row = ddeltas_.data() + i * dv_;
      float* write = writes_.data() + i * dv_;  // gradient of the rest, and of v
      gradient.beta[i * gradient.stride] = kernels.dot(rests_.data() + i * dv_, row, dv_);
      for (std::size_t c = 0; c < dv_; ++c) write[c] = beta_[i] * row[c];
      for (std::size_t j = 0; j < i; ++j) {
        kernels.axpy(-since_[i][j] * key_products_[i][j], write, ddeltas_.data() + j * dv_, dv_);
      }
      std::copy_n(write, dv_, gradient.v + i * gradient.v_stride);
    }
  }

  // Keys and queries from their products with the keys of the chunk.
  void products_backward(const ChunkGradient& gradient) {
    const KernelTable& kernels = compute_.kernels;
    const std::size_t n = count_;
    float queried[kDeltaChunk][kDeltaChunk];
    float written[kDeltaChunk][kDeltaChunk];
    kernels.dot_rows(douts_.data(), n, rows_of(deltas_.data(), n, dv_), &queried[0][0],
                     kDeltaChunk);
    kernels.dot_rows(writes_.data(), n, rows_of(deltas_.data(), n, dv_), &written[0][0],
                     kDeltaChunk);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        const float by_query = since_[i][j] * queried[i][j];
        const float by_key = j < i ? -since_[i][j] * written[i][j] : 0.0F;
        kernels.axpy(by_query, keys_ + j * dk_, gradient.queries + i * dk_, dk_);
        kernels.axpy(by_query, queries_ + i * dk_, gradient.keys + j * dk_, dk_);
        kernels.axpy(by_key, keys_ + j * dk_, gradient.keys + i * dk_, dk_);
        kernels.axpy(by_key, keys_ + i * dk_, gradient.keys + j * dk_, dk_);
        const double both =
            static_cast<double>(by_query * query_products_[i][j] + by_key * key_products_[i][j]);
        dlog_[i] += both;
        dlog_[j] -= both;
      }
    }
  }

  // Keys and queries from their products with the states at both ends of the chunk.
  void states_backward(const float* state, const float* dstate, const ChunkGradient& gradient) {
    const KernelTable& kernels = compute_.kernels;
    const std::size_t n = count_;
    kernels.dot_rows(douts_.data(), n, rows_of(state, dk_, dv_), wide_.data(), dk_);
    for (std::size_t i = 0; i < n; ++i)
      kernels.axpy(decay_[i], wide_.data() + i * dk_, gradient.queries + i * dk_, dk_);
    kernels.dot_rows(writes_.data(), n, rows_of(state, dk_, dv_), wide_.data(), dk_);
    for (std::size_t i = 0; i < n; ++i)
      kernels.axpy(-decay_[i], wide_.data() + i * dk_, gradient.keys + i * dk_, dk_);
    kernels.dot_rows(deltas_.data(), n, rows_of(dstate, dk_, dv_), wide_.data(), dk_);
    for (std::size_t j = 0; j < n; ++j)
      kernels.axpy(since_[n - 1][j], wide_.data() + j * dk_, gradient.keys + j * dk_, dk_);
    for (std::size_t i = 0; i < n; ++i) {
      const float* write = writes_.data() + i * dv_;
      dlog_[i] += static_cast<double>(
          decay_[i] * (kernels.dot(from_queries_.data() + i * dv_, douts_.data() + i * dv_, dv_) -
                       kernels.dot(from_keys_.data() + i * dv_, write, dv_)));
    }
  }

  // The state at the start of the chunk from that at its end, the queries and the writes.
  void state_backward(float* dstate) {
    for (std::size_t i = 0; i < dk_ * dv_; ++i) dstate[i] *= decay_[count_ - 1];
    add_outer(queries_, decay_, douts_.data(), dstate);
    float negative[kDeltaChunk];
    for (std::size_t i = 0; i < count_; ++i) negative[i] = -decay_[i];
    add_outer(keys_, negative, writes_.data(), dstate);
  }

  // out (dk, dv) += Σ_i factors[i] · rows[i] valuesᵢᵀ
  void add_outer(const float* rows, const float* factors, const float* values, float* out) {
    for (std::size_t d = 0; d < dk_; ++d) {
      for (std::size_t i = 0; i < count_; ++i)
        turned_[d * kDeltaChunk + i] = factors[i] * rows[i * dk_ + d];
    }
    compute_.kernels.mix_rows(turned_.data(), kDeltaChunk, dk_, rows_of(values, count_, dv_), out);
  }

  const Compute& compute_;
  std::size_t dk_;
  std::size_t dv_;
  std::size_t count_ = 0;
  const float* keys_ = nullptr;     // (count, dk)
  const float* queries_ = nullptr;  // (count, dk)
  float decay_[kDeltaChunk] = {};   // e^{G_i}
  float beta_[kDeltaChunk] = {};
  float since_[kDeltaChunk][kDeltaChunk] = {};  // e^{G_i − G_j}, j ≤ i
  float key_products_[kDeltaChunk][kDeltaChunk] = {};
  float query_products_[kDeltaChunk][kDeltaChunk] = {};
  std::vector<float> from_keys_;     // Sᵀk, (count, dv)
  std::vector<float> from_queries_;  // Sᵀq
  std::vector<float> rests_;         // δ / β
  std::vector<float> deltas_;
  std::vector<float> douts_;  // gradient of the outputs, (count, dv)
  std::vector<float> ddeltas_;
  std::vector<float> writes_;
  double dlog_[kDeltaChunk] = {};  // gradient of G
  std::vector<float> wide_;        // (count, dk)
  std::vector<float> turned_;      // (dk, kDeltaChunk)
};

}  // namespace

void delta_rule_backward(const Compute& compute, const DeltaShape& shape, const DeltaInput& input,
                         std::size_t tokens, const float* dout, const DeltaGradient& gradient) {
  const std::size_t dk = shape.key_dim;
  const std::size_t dv = shape.value_dim;
  const std::size_t heads = shape.value_heads;
  const std::size_t heads_per_key = heads / shape.key_heads;
  const std::size_t chunks = (tokens + kDeltaChunk - 1) / kDeltaChunk;
  const float q_scale = 1.0F / std::sqrt(static_cast<float>(dk));

  compute.pool.parallel_for(shape.key_heads, 1, [&](std::size_t key_head, std::size_t) {
    const float* k = input.k + key_head * dk;
    const float* q = input.q + key_head * dk;
    Normalised keys(compute, k, input.qkv_stride, tokens, dk, 1.0F);
    Normalised queries(compute, q, input.qkv_stride, tokens, dk, q_scale);
    Chunk chunk(compute, shape);
    std::vector<float> states((chunks + 1) * dk * dv);  // at the start of each chunk
    std::vector<float> dstate(dk * dv);
    for (std::size_t h = key_head * heads_per_key; h < (key_head + 1) * heads_per_key; ++h) {
      const auto load = [&](std::size_t c) {
        const std::size_t first = c * kDeltaChunk;
        chunk.load(keys.rows.data() + first * dk, queries.rows.data() + first * dk,
                   input.v + first * input.qkv_stride + h * dv, input.qkv_stride,
                   input.g + first * heads + h, input.beta + first * heads + h, heads,
                   std::min(kDeltaChunk, tokens - first), states.data() + c * dk * dv);
      };
      std::fill_n(states.data(), dk * dv, 0.0F);
      for (std::size_t c = 0; c < chunks; ++c) {
        load(c);
        float* next = states.data() + (c + 1) * dk * dv;
        std::copy_n(states.data() + c * dk * dv, dk * dv, next);
        chunk.advance(next);
      }
      std::fill(dstate.begin(), dstate.end(), 0.0F);
      for (std::size_t c = chunks; c-- > 0;) {
        load(c);
        const std::size_t first = c * kDeltaChunk;
        chunk.backward(states.data() + c * dk * dv, dout + (first * heads + h) * dv, heads * dv,
                       dstate.data(),
                       {.keys = keys.gradients.data() + first * dk,
                        .queries = queries.gradients.data() + first * dk,
                        .v = gradient.v + first * gradient.qkv_stride + h * dv,
                        .v_stride = gradient.qkv_stride,
                        .g = gradient.g + first * heads + h,
                        .beta = gradient.beta + first * heads + h,
                        .stride = heads});
      }
    }
    CELLM_CHECK(gradient.qkv_stride == input.qkv_stride);
    keys.finish(compute, k, input.qkv_stride, dk, gradient.k + key_head * dk);
    queries.finish(compute, q, input.qkv_stride, dk, gradient.q + key_head * dk);
  });
}

}  // namespace cellm
