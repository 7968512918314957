#include "ops/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace cellm {
namespace {

// Tokens whose queries use the keys and values of a step while they are cached.
constexpr std::size_t kTokenTile = 16;
// Positions per step: their scores are exponentiated together.
constexpr std::size_t kStep = 64;
// Positions per segment. Each segment has a separate softmax; the segments are merged in order.
// Segments are counted from the start of the sequence, so that a result does not depend on the
// distribution of work over threads.
constexpr std::size_t kSegment = 1024;

// Partial softmaxes of the query heads of one KV head: Σ exp(score − largest), and the values
// weighted with the same exponentials.
struct Softmax {
  Softmax(std::size_t heads, std::size_t head_dim)
      : largest(heads, -std::numeric_limits<float>::infinity()),
        sum(heads, 0.0F),
        mixed(heads * head_dim, 0.0F) {}
  void clear() { *this = Softmax(largest.size(), mixed.size() / largest.size()); }

  std::vector<float> largest;
  std::vector<float> sum;
  std::vector<float> mixed;  // (heads, head_dim)
};

void scale_row(float* row, std::size_t n, float factor) {
  for (std::size_t i = 0; i < n; ++i) row[i] *= factor;
}

void merge(const Softmax& segment, Softmax& all) {
  const std::size_t heads = all.sum.size();
  const std::size_t head_dim = all.mixed.size() / heads;
  for (std::size_t h = 0; h < heads; ++h) {
    const float largest = std::max(all.largest[h], segment.largest[h]);
    const float keep = std::exp(all.largest[h] - largest);
    const float take = std::exp(segment.largest[h] - largest);
    all.largest[h] = largest;
    all.sum[h] = all.sum[h] * keep + segment.sum[h] * take;
    float* to = all.mixed.data() + h * head_dim;
    const float* from = segment.mixed.data() + h * head_dim;
    for (std::size_t i = 0; i < head_dim; ++i) to[i] = to[i] * keep + from[i] * take;
  }
}

// Keys or values of the positions of one step, in pieces that lie in different cache blocks.
struct StepRows {
  std::vector<VectorRows> pieces;
  std::vector<float> scales;    // per position, if the encoding has scales
  std::vector<float> unpacked;  // one piece as floats, if many tokens use it
};

void find_rows(const Compute& compute, const KvCache& cache, std::size_t kv_head, bool values,
               std::size_t begin, std::size_t end, bool unpack, StepRows& rows) {
  const std::size_t block_tokens = cache.shape().tokens_per_block;
  const std::size_t head_dim = cache.shape().head_dim;
  rows.pieces.clear();
  rows.scales.clear();
  for (std::size_t position = begin; position < end;) {
    const std::size_t count = std::min(end - position, block_tokens - position % block_tokens);
    rows.pieces.push_back(cache.rows(position, count, kv_head, values));
    cache.read_scales(rows.pieces.back(), rows.scales);
    position += count;
  }
  if (!unpack || rows.pieces.front().format != VectorFormat::kF16) return;
  rows.unpacked.resize(kStep * head_dim);
  float* out = rows.unpacked.data();
  for (const VectorRows& piece : rows.pieces) {
    compute.kernels.f16_to_f32(reinterpret_cast<const std::uint16_t*>(piece.data), out,
                               piece.count * head_dim);
    out += piece.count * head_dim;
  }
  rows.pieces = {{VectorFormat::kF32, reinterpret_cast<const unsigned char*>(rows.unpacked.data()),
                  head_dim * sizeof(float), end - begin, head_dim}};
}

// Prefetches rows of the cache while others are processed.
void fetch_meanwhile(const StepRows& next, StepRows& rows) {
  if (rows.pieces.front().data == reinterpret_cast<const unsigned char*>(rows.unpacked.data()))
    return;
  const std::size_t count = std::min(rows.pieces.size(), next.pieces.size());
  for (std::size_t i = 0; i < count; ++i) rows.pieces[i].ahead = next.pieces[i].data;
}

// Calls body(rows, index of the first position) for the pieces of the first `count` positions.
template <class Body>
void for_pieces(const std::vector<VectorRows>& pieces, std::size_t count, Body&& body) {
  std::size_t index = 0;
  for (VectorRows piece : pieces) {
    if (index >= count) return;
    piece.count = std::min(piece.count, count - index);
    body(piece, index);
    index += piece.count;
  }
}

// The queries of a few tokens for one KV head.
class Tile {
 public:
  // q: the first token's queries for this KV head; q_stride: floats between tokens.
  Tile(const Compute& compute, const KvCache& cache, std::size_t kv_head, std::size_t group,
       const float* q, std::size_t q_stride, std::size_t first, std::size_t tokens)
      : compute_(compute),
        cache_(cache),
        kv_head_(kv_head),
        group_(group),
        q_(q),
        q_stride_(q_stride),
        first_(first),
        scores_(group * kStep),
        softmaxes_(tokens, Softmax(group, cache.shape().head_dim)) {}

  // New softmaxes over the positions of segment `index`, one per token; empty for tokens before the
  // segment.
  const std::vector<Softmax>& segment(std::size_t index) {
    for (Softmax& softmax : softmaxes_) softmax.clear();
    const std::size_t last = first_ + softmaxes_.size();
    const std::size_t end = std::min((index + 1) * kSegment, last);
    const bool alone = softmaxes_.size() == 1;
    const auto find = [&](bool values, std::size_t begin, StepRows& rows) {
      find_rows(compute_, cache_, kv_head_, values, begin, std::min(begin + kStep, end), !alone,
                rows);
    };
    find(false, index * kSegment, next_keys_);
    for (std::size_t begin = index * kSegment; begin < end; begin += kStep) {
      std::swap(keys_, next_keys_);
      find(true, begin, values_);
      fetch_meanwhile(values_, keys_);
      if (begin + kStep < end) {
        find(false, begin + kStep, next_keys_);
        fetch_meanwhile(next_keys_, values_);
      }
      step(begin, std::min(begin + kStep, end));
    }
    return softmaxes_;
  }

 private:
  void step(std::size_t begin, std::size_t end) {
    for (std::size_t t = 0; t < softmaxes_.size(); ++t) {
      if (first_ + t < begin) continue;
      add_positions(q_ + t * q_stride_, std::min(end, first_ + t + 1) - begin, softmaxes_[t]);
    }
  }

  // Processes the first `count` positions of the step for one token.
  void add_positions(const float* q, std::size_t count, Softmax& softmax) {
    const std::size_t head_dim = cache_.shape().head_dim;
    for_pieces(keys_.pieces, count, [&](const VectorRows& rows, std::size_t at) {
      compute_.kernels.dot_rows(q, group_, rows, scores_.data() + at, kStep);
    });
    for (std::size_t h = 0; h < group_; ++h) {
      float* row = scores_.data() + h * kStep;
      if (!keys_.scales.empty()) multiply(row, keys_.scales.data(), count);
      const float largest = std::max(softmax.largest[h], compute_.kernels.largest(row, count));
      const float keep = std::exp(softmax.largest[h] - largest);
      softmax.largest[h] = largest;
      softmax.sum[h] = softmax.sum[h] * keep + compute_.kernels.exp_sum(row, largest, count);
      if (keep != 1.0F) scale_row(softmax.mixed.data() + h * head_dim, head_dim, keep);
      if (!values_.scales.empty()) multiply(row, values_.scales.data(), count);
    }
    for_pieces(values_.pieces, count, [&](const VectorRows& rows, std::size_t at) {
      compute_.kernels.mix_rows(scores_.data() + at, kStep, group_, rows, softmax.mixed.data());
    });
  }

  static void multiply(float* x, const float* factors, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) x[i] *= factors[i];
  }

  const Compute& compute_;
  const KvCache& cache_;
  std::size_t kv_head_;
  std::size_t group_;
  const float* q_;
  std::size_t q_stride_;
  std::size_t first_;
  std::vector<float> scores_;  // (group, kStep)
  std::vector<Softmax> softmaxes_;
  StepRows keys_;
  StepRows next_keys_;
  StepRows values_;
};

}  // namespace

void attention(const Compute& compute, const KvCache& cache, std::size_t heads, float scale,
               std::size_t first, std::size_t tokens, float* q, float* out) {
  const std::size_t kv_heads = cache.shape().kv_heads;
  const std::size_t head_dim = cache.shape().head_dim;
  const std::size_t group = heads / kv_heads;
  const std::size_t width = heads * head_dim;
  const auto at = [&](std::size_t t, std::size_t kv_head) {
    return t * width + kv_head * group * head_dim;
  };
  const auto prepare = [&](std::size_t t, std::size_t kv_head) {
    for (std::size_t h = 0; h < group; ++h) {
      float* row = q + at(t, kv_head) + h * head_dim;
      scale_row(row, head_dim, scale);
      cache.rotate(row);
    }
  };
  const auto finish = [&](std::size_t t, std::size_t kv_head, const Softmax& softmax) {
    for (std::size_t h = 0; h < group; ++h) {
      float* row = out + at(t, kv_head) + h * head_dim;
      std::copy_n(softmax.mixed.data() + h * head_dim, head_dim, row);
      scale_row(row, head_dim, 1.0F / softmax.sum[h]);
      cache.rotate_back(row);
    }
  };

  if (tokens == 1) {  // spread the positions over the threads
    const std::size_t segments = first / kSegment + 1;
    std::vector<Softmax> parts(kv_heads * segments, Softmax(group, head_dim));
    for (std::size_t kv_head = 0; kv_head < kv_heads; ++kv_head) prepare(0, kv_head);
    compute.pool.parallel_for(parts.size(), 1, [&](std::size_t part, std::size_t) {
      const std::size_t kv_head = part / segments;
      Tile tile(compute, cache, kv_head, group, q + at(0, kv_head), width, first, 1);
      parts[part] = tile.segment(part % segments).front();
    });
    for (std::size_t kv_head = 0; kv_head < kv_heads; ++kv_head) {
      Softmax all(group, head_dim);
      for (std::size_t s = 0; s < segments; ++s) merge(parts[kv_head * segments + s], all);
      finish(0, kv_head, all);
    }
    return;
  }

  const std::size_t tiles = (tokens + kTokenTile - 1) / kTokenTile;
  compute.pool.parallel_for(kv_heads * tiles, 1, [&](std::size_t task, std::size_t) {
    const std::size_t kv_head = task % kv_heads;
    const std::size_t begin = task / kv_heads * kTokenTile;
    const std::size_t count = std::min(kTokenTile, tokens - begin);
    for (std::size_t t = begin; t < begin + count; ++t) prepare(t, kv_head);
    Tile tile(compute, cache, kv_head, group, q + at(begin, kv_head), width, first + begin, count);
    std::vector<Softmax> all(count, Softmax(group, head_dim));
    for (std::size_t s = 0; s <= (first + begin + count - 1) / kSegment; ++s) {
      const std::vector<Softmax>& parts = tile.segment(s);
      for (std::size_t t = 0; t < count; ++t) {
        if (first + begin + t >= s * kSegment) merge(parts[t], all[t]);
      }
    }
    for (std::size_t t = 0; t < count; ++t) finish(begin + t, kv_head, all[t]);
  });
}

}  // namespace cellm
