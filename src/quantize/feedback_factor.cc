#include "quantize/feedback_factor.h"

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace cellm {

std::uint64_t factor_bytes(std::size_t cols) {
  const std::uint64_t wide = cols;
  return upper_factor_bytes(cols) + wide * wide * sizeof(float);
}

std::optional<FeedbackFactor> factorize(const SecondMoments& moments, std::size_t width,
                                        ThreadPool& pool, double damping) {
  const std::size_t cols = moments.cols;
  CELLM_CHECK(cols != 0 && width != 0 && width <= cols);
  const std::optional<UpperFactor> upper = upper_factor(moments, damping, pool);
  if (!upper) return std::nullopt;
  FeedbackFactor factor{cols, width, AlignedBuffer<float>(cols * cols),
                        AlignedBuffer<double>(cols * width)};
  const std::size_t blocks = (cols + width - 1) / width;
  // Enough blocks at a time to use whole cache lines of the factor.
  const std::size_t grain = std::max<std::size_t>(1, 32 / width);
  pool.parallel_for(blocks, grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t block = begin; block < end; ++block) {
      const std::size_t first = block * width;
      const std::size_t count = std::min(width, cols - first);
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = i; j < count; ++j) {
          factor.diagonal[(first + i) * width + j - i] = upper->at(first + i, first + j);
        }
      }
    }
    // Row by row of R: x · (diagonal block) = (row j of R in the columns of the block), by forward
    // substitution.
    std::vector<double> x(width);
    for (std::size_t j = 0; j < std::min(cols, end * width); ++j) {
      for (std::size_t block = std::max(begin, j / width + 1); block < end; ++block) {
        const std::size_t first = block * width;
        const std::size_t count = std::min(width, cols - first);
        for (std::size_t i = 0; i < count; ++i) {
          double value = upper->at(j, first + i);
          for (std::size_t m = 0; m < i; ++m) value -= x[m] * factor.block_value(first, m, i);
          x[i] = value / factor.block_value(first, i, i);
          factor.feedback[(first + i) * cols + j] = static_cast<float>(x[i]);
        }
      }
    }
  });
  return factor;
}

}  // namespace cellm
