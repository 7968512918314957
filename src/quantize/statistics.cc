#include "quantize/statistics.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace cellm {

void accumulate(InputMoments& moments, const float* x, std::size_t tokens, std::size_t cols,
                ThreadPool& pool) {
  constexpr std::size_t kColumnsPerChunk = 64;
  if (moments.diagonal.empty()) moments.diagonal.resize(cols);
  CELLM_CHECK(moments.diagonal.size() == cols);
  moments.tokens += tokens;
  pool.parallel_for(cols, kColumnsPerChunk, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = 0; t < tokens; ++t) {
      const float* row = x + t * cols;
      for (std::size_t c = begin; c < end; ++c) {
        const auto value = static_cast<double>(row[c]);
        moments.diagonal[c] += value * value;
      }
    }
  });
}

void Statistics::see(std::span<const TensorId> ids, const float* x, std::size_t tokens,
                     std::size_t cols) {
  const auto known = index_.find(ids.front());
  std::size_t input = inputs_.size();
  if (known != index_.end()) {
    input = known->second;
  } else {
    inputs_.emplace_back();
    for (const TensorId id : ids) index_.emplace(id, input);
  }
  accumulate(inputs_[input], x, tokens, cols, *pool_);
}

const InputMoments* Statistics::find(TensorId id) const {
  const auto at = index_.find(id);
  return at == index_.end() ? nullptr : &inputs_[at->second];
}

std::optional<TensorId> Statistics::find_nonfinite() const {
  for (const auto& [id, input] : index_) {
    const auto& diagonal = inputs_[input].diagonal;
    if (!std::all_of(diagonal.begin(), diagonal.end(), [](double v) { return std::isfinite(v); })) {
      return id;
    }
  }
  return std::nullopt;
}

}  // namespace cellm
