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

  // dstate: from the gradient of the state at the end of the chunk to that at its start. dout and
  // dv: of the first token, with their distances. dkeys and dqueries are added to. dg and dbeta: of
  // the first token.
  void go_back(const float* state, const float* dout, std::size_t dout_stride, float* dstate,
               float* dkeys, float* dqueries, float* dv, std::size_t dv_stride, float* dg,
               float* dbeta, std::size_t stride) {
    const KernelTable& kernels = compute_.kernels;
    const std::size_t n = count_;
    const std::size_t last = n - 1;
    std::vector<float> douts(n * dv_);
    for (std::size_t i = 0; i < n; ++i)
      std::copy_n(dout + i * dout_stride, dv_, douts.data() + i * dv_);

    // What the end of the chunk and its outputs want of the deltas.
    double dlog[kDeltaChunk] = {};  // of G
    std::fill(ddeltas_.begin(), ddeltas_.end(), 0.0F);
    kernels.mix_rows(keys_, dk_, n, rows_of(dstate, dk_, dv_), ddeltas_.data());
    for (std::size_t j = 0; j < n; ++j) {
      float* row = ddeltas_.data() + j * dv_;
      const double kept =
          static_cast<double>(since_[last][j] * kernels.dot(row, deltas_.data() + j * dv_, dv_));
      dlog[last] += kept;
      dlog[j] -= kept;
      for (std::size_t c = 0; c < dv_; ++c) row[c] *= since_[last][j];
      for (std::size_t i = j; i < n; ++i) {
        kernels.axpy(since_[i][j] * query_products_[i][j], douts.data() + i * dv_, row, dv_);
      }
    }
    dlog[last] += static_cast<double>(decay_[last] * kernels.dot(state, dstate, dk_ * dv_));

    // Back through the rows, each of which was used by those after it.
    for (std::size_t i = n; i-- > 0;) {
      const float* row = ddeltas_.data() + i * dv_;
      float* write = writes_.data() + i * dv_;  // gradient of the rest, and of v
      dbeta[i * stride] = kernels.dot(rests_.data() + i * dv_, row, dv_);
      for (std::size_t c = 0; c < dv_; ++c) write[c] = beta_[i] * row[c];
      for (std::size_t j = 0; j < i; ++j) {
        kernels.axpy(-since_[i][j] * key_products_[i][j], write, ddeltas_.data() + j * dv_, dv_);
      }
      std::copy_n(write, dv_, dv + i * dv_stride);
    }

    // Keys and queries among themselves.
    float queried[kDeltaChunk][kDeltaChunk];
    float written[kDeltaChunk][kDeltaChunk];
    kernels.dot_rows(douts.data(), n, rows_of(deltas_.data(), n, dv_), &queried[0][0], kDeltaChunk);
    kernels.dot_rows(writes_.data(), n, rows_of(deltas_.data(), n, dv_), &written[0][0],
                     kDeltaChunk);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        const float by_query = since_[i][j] * queried[i][j];
        const float by_key = j < i ? -since_[i][j] * written[i][j] : 0.0F;
        kernels.axpy(by_query, keys_ + j * dk_, dqueries + i * dk_, dk_);
        kernels.axpy(by_query, queries_ + i * dk_, dkeys + j * dk_, dk_);
        kernels.axpy(by_key, keys_ + j * dk_, dkeys + i * dk_, dk_);
        kernels.axpy(by_key, keys_ + i * dk_, dkeys + j * dk_, dk_);
        const double both =
            static_cast<double>(by_query * query_products_[i][j] + by_key * key_products_[i][j]);
        dlog[i] += both;
        dlog[j] -= both;
      }
    }

    // Keys and queries with the states at both ends.
    kernels.dot_rows(douts.data(), n, rows_of(state, dk_, dv_), wide_.data(), dk_);
    for (std::size_t i = 0; i < n; ++i)
      kernels.axpy(decay_[i], wide_.data() + i * dk_, dqueries + i * dk_, dk_);
    kernels.dot_rows(writes_.data(), n, rows_of(state, dk_, dv_), wide_.data(), dk_);
    for (std::size_t i = 0; i < n; ++i)
      kernels.axpy(-decay_[i], wide_.data() + i * dk_, dkeys + i * dk_, dk_);
    kernels.dot_rows(deltas_.data(), n, rows_of(dstate, dk_, dv_), wide_.data(), dk_);
    for (std::size_t j = 0; j < n; ++j)
      kernels.axpy(since_[last][j], wide_.data() + j * dk_, dkeys + j * dk_, dk_);
    for (std::size_t i = 0; i < n; ++i) {
      const float* write = writes_.data() + i * dv_;
      dlog[i] += static_cast<double>(
          decay_[i] * (kernels.dot(from_queries_.data() + i * dv_, douts.data() + i * dv_, dv_) -
                       kernels.dot(from_keys_.data() + i * dv_, write, dv_)));
    }
    double sum = 0.0;  // g of a token is in G of all rows from its own on
    for (std::size_t i = n; i-- > 0;) {
      sum += dlog[i];
      dg[i * stride] = static_cast<float>(sum);
    }

    for (std::size_t i = 0; i < dk_ * dv_; ++i) dstate[i] *= decay_[last];
    add_outer(queries_, decay_, douts.data(), dstate);
    float negative[kDeltaChunk];
    for (std::size_t i = 0; i < n; ++i) negative[i] = -decay_[i];
    add_outer(keys_, negative, writes_.data(), dstate);
  }

 private:
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
  std::vector<float> ddeltas_;
  std::vector<float> writes_;
  std::vector<float> wide_;    // (count, dk)
  std::vector<float> turned_;  // (dk, kDeltaChunk)
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
        chunk.go_back(states.data() + c * dk * dv, dout + (first * heads + h) * dv, heads * dv,
                      dstate.data(), keys.gradients.data() + first * dk,
                      queries.gradients.data() + first * dk,
                      gradient.v + first * gradient.qkv_stride + h * dv, gradient.qkv_stride,
                      gradient.g + first * heads + h, gradient.beta + first * heads + h, heads);
      }
    }
    CELLM_CHECK(gradient.qkv_stride == input.qkv_stride);
    keys.finish(compute, k, input.qkv_stride, dk, gradient.k + key_head * dk);
    queries.finish(compute, q, input.qkv_stride, dk, gradient.q + key_head * dk);
  });
}

}  // namespace cellm
