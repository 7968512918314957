#include "ops/attention_backward.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace cellm {
namespace {

// Queries or keys that a thread takes at a time.
constexpr std::size_t kTile = 32;

// Rows `begin` to `end` of one head of a (tokens, heads, head_dim) array.
VectorRows head_rows(const float* x, std::size_t heads, std::size_t head, std::size_t head_dim,
                     std::size_t begin, std::size_t end) {
  return {FormatId::kF32,
          reinterpret_cast<const unsigned char*>(x + (begin * heads + head) * head_dim),
          heads * head_dim * sizeof(float), end - begin, head_dim};
}

// What of a query's softmax is needed to make it again: s − shift is its logarithm.
struct QueryFacts {
  float shift;    // ln Σ exp(s), with the largest score
  float product;  // dout · out
};

}  // namespace

void attention_backward(const Compute& compute, const AttentionShape& shape, float scale,
                        std::size_t tokens, const float* q, const float* k, const float* v,
                        const float* out, const float* dout, float* dq, float* dk, float* dv) {
  const KernelTable& kernels = compute.kernels;
  const std::size_t dim = shape.head_dim;
  const std::size_t group = shape.heads / shape.kv_heads;
  const std::size_t tiles = (tokens + kTile - 1) / kTile;
  std::vector<QueryFacts> facts(shape.heads * tokens);
  std::fill_n(dq, tokens * shape.heads * dim, 0.0F);

  // Query by query: the softmax over all keys before it, and dq.
  compute.pool.parallel_for(shape.heads * tiles, 1, [&](std::size_t task, std::size_t) {
    const std::size_t head = task % shape.heads;
    const std::size_t kv_head = head / group;
    std::vector<float> weights(tokens);
    std::vector<float> slopes(tokens);
    const std::size_t last = std::min(tokens, (task / shape.heads + 1) * kTile);
    for (std::size_t i = task / shape.heads * kTile; i < last; ++i) {
      const std::size_t at = (i * shape.heads + head) * dim;
      const std::size_t count = i + 1;
      const VectorRows keys = head_rows(k, shape.kv_heads, kv_head, dim, 0, count);
      kernels.dot_rows(q + at, 1, keys, weights.data(), tokens);
      for (std::size_t j = 0; j < count; ++j) weights[j] *= scale;
      const float largest = kernels.largest(weights.data(), count);
      const float sum = kernels.exp_sum(weights.data(), largest, count);
      const QueryFacts fact{largest + std::log(sum), kernels.dot(dout + at, out + at, dim)};
      facts[head * tokens + i] = fact;
      kernels.dot_rows(dout + at, 1, head_rows(v, shape.kv_heads, kv_head, dim, 0, count),
                       slopes.data(), tokens);
      for (std::size_t j = 0; j < count; ++j) {
        slopes[j] = scale * weights[j] / sum * (slopes[j] - fact.product);
      }
      kernels.mix_rows(slopes.data(), tokens, 1, keys, dq + at);
    }
  });

  // Key by key: what all queries from its own on have to do with it.
  std::fill_n(dk, tokens * shape.kv_heads * dim, 0.0F);
  std::fill_n(dv, tokens * shape.kv_heads * dim, 0.0F);
  compute.pool.parallel_for(shape.kv_heads * tiles, 1, [&](std::size_t task, std::size_t) {
    const std::size_t kv_head = task % shape.kv_heads;
    std::vector<float> weights(tokens);
    std::vector<float> slopes(tokens);
    const std::size_t last = std::min(tokens, (task / shape.kv_heads + 1) * kTile);
    for (std::size_t j = task / shape.kv_heads * kTile; j < last; ++j) {
      const std::size_t at = (j * shape.kv_heads + kv_head) * dim;
      const std::size_t count = tokens - j;
      for (std::size_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
        const VectorRows queries = head_rows(q, shape.heads, head, dim, j, tokens);
        const VectorRows gradients = head_rows(dout, shape.heads, head, dim, j, tokens);
        const QueryFacts* fact = facts.data() + head * tokens + j;
        kernels.dot_rows(k + at, 1, queries, weights.data(), tokens);
        kernels.dot_rows(v + at, 1, gradients, slopes.data(), tokens);
        for (std::size_t i = 0; i < count; ++i) weights[i] = scale * weights[i] - fact[i].shift;
        kernels.exp_sum(weights.data(), 0.0F, count);
        kernels.mix_rows(weights.data(), tokens, 1, gradients, dv + at);
        for (std::size_t i = 0; i < count; ++i) {
          slopes[i] = scale * weights[i] * (slopes[i] - fact[i].product);
        }
        kernels.mix_rows(slopes.data(), tokens, 1, queries, dk + at);
      }
    }
  });
}

}  // namespace cellm
