#include "ops/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace cellm {
namespace {

// Tokens whose queries use a decoded block before it is dropped.
constexpr std::size_t kTokenTile = 16;

// Softmaxes under way: exp(score − largest) summed, for each of a token's query heads.
struct Running {
  explicit Running(std::size_t heads)
      : largest(heads, -std::numeric_limits<float>::infinity()), sum(heads, 0.0F) {}
  std::vector<float> largest;
  std::vector<float> sum;
};

// Adds `count` positions to the results of one token's query heads, (heads, head_dim) without gaps.
// scores is room for (heads, count), corrections for heads.
void add_block(const Compute& compute, const float* q, const float* keys, const float* values,
               std::size_t count, std::size_t head_dim, float scale, float* scores,
               float* corrections, Running& running, float* out) {
  const std::size_t heads = running.sum.size();
  compute.kernels.attention_scores(q, heads, keys, count, head_dim, scores);
  for (std::size_t h = 0; h < heads; ++h) {
    float* row = scores + h * count;
    float largest = running.largest[h];
    for (std::size_t i = 0; i < count; ++i) {
      row[i] *= scale;
      largest = std::max(largest, row[i]);
    }
    corrections[h] = std::exp(running.largest[h] - largest);
    running.largest[h] = largest;
    running.sum[h] = running.sum[h] * corrections[h] + compute.kernels.exp_sum(row, largest, count);
  }
  compute.kernels.attention_mix(scores, heads, values, count, head_dim, corrections, out);
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
    std::vector<float> scores(group * block_tokens);
    std::vector<float> corrections(group);
    std::vector<Running> running(tile_end - tile_begin, Running(group));

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
        add_block(compute, q + at(t, 0), keys.data(), values.data(), count, head_dim, scale,
                  scores.data(), corrections.data(), running[t - tile_begin], out + at(t, 0));
      }
    }
    for (std::size_t t = tile_begin; t < tile_end; ++t) {
      for (std::size_t h = 0; h < group; ++h) {
        float* row = out + at(t, h);
        const float inverse = 1.0F / running[t - tile_begin].sum[h];
        for (std::size_t i = 0; i < head_dim; ++i) row[i] *= inverse;
        cache.rotate_back(row);
      }
    }
  });
}

}  // namespace cellm
