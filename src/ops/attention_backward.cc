#include "ops/attention_backward.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace cellm {
namespace {

// Tokens per unit of work, and the number of them whose queries or keys are multiplied together.
constexpr std::size_t kTaskTokens = 32;
constexpr std::size_t kTile = 4;

// Rows `begin` to `end` of one head of a (tokens, heads, head_dim) array.
VectorRows head_rows(const float* x, std::size_t heads, std::size_t head, std::size_t head_dim,
                     std::size_t begin, std::size_t end) {
  return {VectorFormat::kF32,
          reinterpret_cast<const unsigned char*>(x + (begin * heads + head) * head_dim),
          heads * head_dim * sizeof(float), end - begin, head_dim};
}

// Saved softmax statistics of a query: exp(s − shift) is a weight.
struct QueryFacts {
  float shift;    // ln Σ exp(s), with the largest score
  float product;  // dout · out
};

// Copies vectors `first` to `first + count` of tokens [begin, end) of a (tokens, width) array to a
// contiguous array.
std::vector<float> gathered(const float* x, std::size_t width, std::size_t first, std::size_t count,
                            std::size_t begin, std::size_t end) {
  std::vector<float> result;
  for (std::size_t t = begin; t < end; ++t) {
    const float* from = x + t * width + first;
    result.insert(result.end(), from, from + count);
  }
  return result;
}

// The inverse: copies them back.
void scatter(const std::vector<float>& from, std::size_t width, std::size_t first,
             std::size_t count, std::size_t begin, float* x) {
  for (std::size_t i = 0; i * count < from.size(); ++i) {
    std::copy_n(from.data() + i * count, count, x + (begin + i) * width + first);
  }
}

// body(head, begin, end) for every head and tile of tokens.
template <class Body>
void for_tiles(ThreadPool& pool, std::size_t heads, std::size_t tokens, const Body& body) {
  const std::size_t tasks = (tokens + kTaskTokens - 1) / kTaskTokens;
  pool.parallel_for(heads * tasks, 1, [&](std::size_t task, std::size_t) {
    const std::size_t first = task / heads * kTaskTokens;
    const std::size_t last = std::min(tokens, first + kTaskTokens);
    for (std::size_t begin = first; begin < last; begin += kTile) {
      body(task % heads, begin, std::min(last, begin + kTile));
    }
  });
}

// One layer's attention: the saved activations and the gradient of its output.
struct Attention {
  const KernelTable& kernels;
  const AttentionShape& shape;
  float scale;
  std::size_t tokens;
  const float* q;
  const float* k;
  const float* v;
  const float* out;
  const float* dout;

  std::size_t group() const { return shape.heads / shape.kv_heads; }
};

// By query: recomputes the softmax over all keys up to the query, and dq. Tokens [begin, end) of
// the query heads of one key head. facts: (heads, tokens).
void queries_backward(const Attention& at, std::size_t kv_head, std::size_t begin, std::size_t end,
                      QueryFacts* facts, float* dq) {
  const std::size_t dim = at.shape.head_dim;
  const std::size_t group = at.group();
  const std::size_t width = at.shape.heads * dim;
  const std::size_t first = kv_head * group * dim;
  const std::size_t rows = (end - begin) * group;
  const std::vector<float> queries = gathered(at.q, width, first, group * dim, begin, end);
  const std::vector<float> gradients = gathered(at.dout, width, first, group * dim, begin, end);
  const std::vector<float> outputs = gathered(at.out, width, first, group * dim, begin, end);
  const VectorRows keys = head_rows(at.k, at.shape.kv_heads, kv_head, dim, 0, end);
  const VectorRows values = head_rows(at.v, at.shape.kv_heads, kv_head, dim, 0, end);
  std::vector<float> weights(rows * end);
  std::vector<float> slopes(rows * end);
  at.kernels.dot_rows(queries.data(), rows, keys, weights.data(), end);
  at.kernels.dot_rows(gradients.data(), rows, values, slopes.data(), end);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t token = begin + row / group;
    const std::size_t count = token + 1;
    float* weight = weights.data() + row * end;
    float* slope = slopes.data() + row * end;
    for (std::size_t j = 0; j < count; ++j) weight[j] *= at.scale;
    const float largest = at.kernels.largest(weight, count);
    const float sum = at.kernels.exp_sum(weight, largest, count);
    const float product =
        at.kernels.dot(gradients.data() + row * dim, outputs.data() + row * dim, dim);
    facts[(kv_head * group + row % group) * at.tokens + token] = {largest + std::log(sum), product};
    for (std::size_t j = 0; j < count; ++j) {
      slope[j] = at.scale * weight[j] / sum * (slope[j] - product);
    }
    std::fill(slope + count, slope + end, 0.0F);
  }
  std::vector<float> sums(rows * dim);
  at.kernels.mix_rows(slopes.data(), end, rows, keys, sums.data());
  scatter(sums, width, first, group * dim, begin, dq);
}

// By key: dk and dv from all queries at or after the key. Tokens [begin, end) of one key head.
void keys_backward(const Attention& at, std::size_t kv_head, std::size_t begin, std::size_t end,
                   const QueryFacts* facts, float* dk, float* dv) {
  const std::size_t dim = at.shape.head_dim;
  const std::size_t group = at.group();
  const std::size_t width = at.shape.kv_heads * dim;
  const std::size_t first = kv_head * dim;
  const std::size_t rows = end - begin;
  const std::size_t count = at.tokens - begin;
  const std::vector<float> keys = gathered(at.k, width, first, dim, begin, end);
  const std::vector<float> values = gathered(at.v, width, first, dim, begin, end);
  std::vector<float> weights(rows * count);
  std::vector<float> slopes(rows * count);
  std::vector<float> key_sums(rows * dim);
  std::vector<float> value_sums(rows * dim);
  for (std::size_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
    const VectorRows queries = head_rows(at.q, at.shape.heads, head, dim, begin, at.tokens);
    const VectorRows gradients = head_rows(at.dout, at.shape.heads, head, dim, begin, at.tokens);
    const QueryFacts* fact = facts + head * at.tokens + begin;
    at.kernels.dot_rows(keys.data(), rows, queries, weights.data(), count);
    at.kernels.dot_rows(values.data(), rows, gradients, slopes.data(), count);
    for (std::size_t row = 0; row < rows; ++row) {
      float* weight = weights.data() + row * count;
      float* slope = slopes.data() + row * count;
      for (std::size_t i = row; i < count; ++i) weight[i] = at.scale * weight[i] - fact[i].shift;
      at.kernels.exp_sum(weight + row, 0.0F, count - row);
      for (std::size_t i = row; i < count; ++i) {
        slope[i] = at.scale * weight[i] * (slope[i] - fact[i].product);
      }
      std::fill_n(weight, row, 0.0F);
      std::fill_n(slope, row, 0.0F);
    }
    at.kernels.mix_rows(weights.data(), count, rows, gradients, value_sums.data());
    at.kernels.mix_rows(slopes.data(), count, rows, queries, key_sums.data());
  }
  scatter(key_sums, width, first, dim, begin, dk);
  scatter(value_sums, width, first, dim, begin, dv);
}

}  // namespace

void attention_backward(const Compute& compute, const AttentionShape& shape, float scale,
                        std::size_t tokens, const float* q, const float* k, const float* v,
                        const float* out, const float* dout, float* dq, float* dk, float* dv) {
  const Attention attention{compute.kernels, shape, scale, tokens, q, k, v, out, dout};
  std::vector<QueryFacts> facts(shape.heads * tokens);
  for_tiles(compute.pool, shape.kv_heads, tokens,
            [&](std::size_t kv_head, std::size_t begin, std::size_t end) {
              queries_backward(attention, kv_head, begin, end, facts.data(), dq);
            });
  for_tiles(compute.pool, shape.kv_heads, tokens,
            [&](std::size_t kv_head, std::size_t begin, std::size_t end) {
              keys_backward(attention, kv_head, begin, end, facts.data(), dk, dv);
            });
}

}  // namespace cellm
