#include "quantize/feedback_factor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace cellm {
namespace {

// The matrix is factored in tiles of (kTile, kTile).
constexpr std::size_t kTile = 64;
// Columns of a product of two tiles at a time, so that both fit into the second-level cache.
constexpr std::size_t kDepth = 256;

// Two doubles, by the compiler's vector extension: the same on every processor.
using Pair = double __attribute__((vector_size(2 * sizeof(double))));

Pair load(const double* from) {
  Pair pair;
  std::memcpy(&pair, from, sizeof(pair));
  return pair;
}

// c −= a bᵀ for (kTile, depth) tiles a and b of a matrix with rows of `stride`.
void subtract_product(const double* a, const double* b, double* c, std::size_t depth,
                      std::size_t stride) {
  constexpr std::size_t kRows = 4;
  constexpr std::size_t kCols = 2;
  for (std::size_t i = 0; i < kTile; i += kRows) {
    for (std::size_t j = 0; j < kTile; j += kCols) {
      Pair sums[kRows][kCols] = {};
      for (std::size_t k = 0; k < depth; k += 2) {
        const Pair right[kCols] = {load(b + j * stride + k), load(b + (j + 1) * stride + k)};
        for (std::size_t r = 0; r < kRows; ++r) {
          const Pair left = load(a + (i + r) * stride + k);
          for (std::size_t s = 0; s < kCols; ++s) sums[r][s] += left * right[s];
        }
      }
      for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t s = 0; s < kCols; ++s) {
          c[(i + r) * stride + j + s] -= sums[r][s][0] + sums[r][s][1];
        }
      }
    }
  }
}

// The lower Cholesky factor of a tile, in place. False for a pivot that is not positive.
bool factor_tile(double* a, std::size_t stride) {
  for (std::size_t j = 0; j < kTile; ++j) {
    double* row = a + j * stride;
    for (std::size_t k = 0; k < j; ++k) {
      const double* above = a + k * stride;
      double sum = row[k];
      for (std::size_t i = 0; i < k; ++i) sum -= row[i] * above[i];
      row[k] = sum / above[k];
    }
    double pivot = row[j];
    for (std::size_t i = 0; i < j; ++i) pivot -= row[i] * row[i];
    if (!(pivot > 0.0) || !std::isfinite(pivot)) return false;
    row[j] = std::sqrt(pivot);
  }
  return true;
}

// x ← x L⁻ᵀ for a tile x below the factored tile L.
void solve_tile(const double* factor, double* x, std::size_t stride) {
  for (std::size_t r = 0; r < kTile; ++r) {
    double* row = x + r * stride;
    for (std::size_t j = 0; j < kTile; ++j) {
      const double* l = factor + j * stride;
      double sum = row[j];
      for (std::size_t i = 0; i < j; ++i) sum -= row[i] * l[i];
      row[j] = sum / l[j];
    }
  }
}

// The lower Cholesky factor of a (size, size) matrix, size a multiple of kTile, in place of its
// lower triangle.
bool factor_lower(double* a, std::size_t size, ThreadPool& pool) {
  const std::size_t tiles = size / kTile;
  for (std::size_t p = 0; p < tiles; ++p) {
    const double* across = a + p * kTile * size;  // the rows of panel p
    pool.parallel_for(tiles - p, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = p + begin; i < p + end; ++i) {
        double* rows = a + i * kTile * size;
        for (std::size_t k = 0; k < p * kTile; k += kDepth) {
          subtract_product(rows + k, across + k, rows + p * kTile, std::min(kDepth, p * kTile - k),
                           size);
        }
      }
    });
    double* diagonal = a + p * kTile * size + p * kTile;
    if (!factor_tile(diagonal, size)) return false;
    pool.parallel_for(tiles - p - 1, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = p + 1 + begin; i < p + 1 + end; ++i) {
        solve_tile(diagonal, a + i * kTile * size + p * kTile, size);
      }
    });
  }
  return true;
}

std::size_t padded(std::size_t cols) {
  return (cols + kTile - 1) / kTile * kTile;
}

// The lower triangle of the damped H with rows and columns in reverse order, padded with ones on
// the diagonal. Its lower Cholesky factor is R with rows and columns in reverse order. Nothing if
// the diagonal of H is not finite or zero.
std::optional<AlignedBuffer<double>> reversed(const SecondMoments& moments, double damping,
                                              ThreadPool& pool) {
  const std::size_t cols = moments.cols;
  double mean = 0.0;
  for (std::size_t c = 0; c < cols; ++c) mean += moments.at(c, c);
  const double added = damping * mean / static_cast<double>(cols);
  // |H_ij| ≤ √(H_ii H_jj), so it is sufficient to check the diagonal.
  if (!(mean > 0.0) || !std::isfinite(mean)) return std::nullopt;
  const std::size_t size = padded(cols);
  AlignedBuffer<double> a(size * size);
  pool.parallel_for(size, kTile, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      double* row = a.data() + r * size;
      if (r < cols) {
        const double* from = moments.values.data() + (cols - 1 - r) * cols;
        for (std::size_t c = 0; c <= r; ++c) row[c] = from[cols - 1 - c];
        row[r] += added;
      } else {
        row[r] = 1.0;
      }
    }
  });
  return a;
}

}  // namespace

std::uint64_t factor_bytes(std::size_t cols) {
  const std::uint64_t size = padded(cols);
  return size * size * (sizeof(double) + sizeof(float));
}

std::optional<FeedbackFactor> factorize(const SecondMoments& moments, std::size_t width,
                                        ThreadPool& pool, double damping) {
  const std::size_t cols = moments.cols;
  CELLM_CHECK(cols != 0 && width != 0 && width <= cols);
  std::optional<AlignedBuffer<double>> matrix = reversed(moments, damping, pool);
  if (!matrix) return std::nullopt;
  const std::size_t size = padded(cols);
  AlignedBuffer<double>& lower = *matrix;
  if (!factor_lower(lower.data(), size, pool)) return std::nullopt;
  const auto r = [&](std::size_t row, std::size_t col) {  // R, row ≤ col
    return lower[(cols - 1 - row) * size + (cols - 1 - col)];
  };

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
          factor.diagonal[(first + i) * width + j - i] = r(first + i, first + j);
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
          double value = r(j, first + i);
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
