#include "ops/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace cellm {
namespace {

// Tokens whose queries use a decoded block before it is dropped.
constexpr std::size_t kTokenTile = 16;

// A softmax under way: exp(score − largest) summed, and the same weighting of values.
struct Running {
  float largest = -std::numeric_limits<float>::infinity();
  float sum = 0.0F;
};

// Adds `count` positions to one query's result.
void add_block(const Compute& compute, const float* q, const float* keys, const float* values,
               std::size_t count, std::size_t head_dim, float scale, float* scores,
               Running& running, float* out) {
  float largest = running.largest;
  for (std::size_t i = 0; i < count; ++i) {
    scores[i] = compute.kernels.dot(q, keys + i * head_dim, head_dim) * scale;
    largest = std::max(largest, scores[i]);
  }
  const float correction = std::exp(running.largest - largest);
  running.largest = largest;
  running.sum *= correction;
  for (std::size_t i = 0; i < head_dim; ++i) out[i] *= correction;
  running.sum += compute.kernels.exp_sum(scores, largest, count);
  for (std::size_t i = 0; i < count; ++i) {
    compute.kernels.axpy(scores[i], values + i * head_dim, out, head_dim);
  }
}

}  // namespace

void attention(const Compute& compute, const KvCache& cache, std::size_t heads, float scale,
               std::size_t first, std::size_t tokens, float* q, float* out) {
  const std::size_t kv_heads = cache.shape().kv_heads;
  const std::size_t head_dim = cache.shape().head_dim;
  const std::size_t group = heads / kv_heads;
  const std::size_t block_tokens = cache.shape().tokens_per_block;
  const std::size_t tiles = (tokens + kTokenTile - 1) / kTokenTile;

  compute.pool.parallel_for(kv_heads * tiles, 1, [&](std::size_t task, std::size_t) {
    const std::size_t kv_head = task % kv_heads;
    const std::size_t tile_begin = task / kv_heads * kTokenTile;
    const std::size_t tile_end = std::min(tokens, tile_begin + kTokenTile);
    std::vector<float> keys(block_tokens * head_dim);
    std::vector<float> values(block_tokens * head_dim);
    std::vector<float> scores(block_tokens);
    std::vector<Running> running((tile_end - tile_begin) * group);

    const auto at = [&](std::size_t t, std::size_t h) {
      return (t * heads + kv_head * group + h) * head_dim;
    };
    for (std::size_t t = tile_begin; t < tile_end; ++t) {
      for (std::size_t h = 0; h < group; ++h) {
        cache.rotate(q + at(t, h));
        std::fill_n(out + at(t, h), head_dim, 0.0F);
      }
    }
    const std::size_t last = first + tile_end - 1;
    for (std::size_t block = 0; block <= last / block_tokens; ++block) {
      const std::size_t begin = block * block_tokens;
      const std::size_t here = std::min(block_tokens, last + 1 - begin);
      cache.read_keys(compute, block, kv_head, here, keys.data());
      cache.read_values(compute, block, kv_head, here, values.data());
      for (std::size_t t = tile_begin; t < tile_end; ++t) {
        const std::size_t position = first + t;
        if (position < begin) continue;
        const std::size_t count = std::min(block_tokens, position + 1 - begin);
        for (std::size_t h = 0; h < group; ++h) {
          add_block(compute, q + at(t, h), keys.data(), values.data(), count, head_dim, scale,
                    scores.data(), running[(t - tile_begin) * group + h], out + at(t, h));
        }
      }
    }
    for (std::size_t t = tile_begin; t < tile_end; ++t) {
      for (std::size_t h = 0; h < group; ++h) {
        float* row = out + at(t, h);
        const float inverse = 1.0F / running[(t - tile_begin) * group + h].sum;
        for (std::size_t i = 0; i < head_dim; ++i) row[i] *= inverse;
        cache.rotate_back(row);
      }
    }
  });
}

}  // namespace cellm
