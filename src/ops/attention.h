// Causal attention with grouped query heads, as tiled online softmax (arXiv:2112.05682,
// 2205.14135).
#pragma once

#include <cstddef>

#include "ops/compute.h"
#include "ops/kv_cache.h"

namespace cellm {

// For tokens first … first + tokens − 1, whose keys and values are already in the cache: out =
// softmax(q · kᵀ · scale) v over positions up to the token's own. Query head h uses KV head h /
// (heads / kv_heads). q, out: (tokens, heads, head_dim); q is overwritten (rotated in place).
void attention(const Compute& compute, const KvCache& cache, std::size_t heads, float scale,
               std::size_t first, std::size_t tokens, float* q, float* out);

}  // namespace cellm
