#include "quantize/cholesky.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

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

// x ← x L⁻¹ for a tile x and the factored tile L, of which the transpose is above the diagonal.
void solve_tile_back(const double* factor, double* x, std::size_t stride) {
  for (std::size_t r = 0; r < kTile; ++r) {
    double* row = x + r * stride;
    for (std::size_t j = kTile; j-- > 0;) {
      const double* above = factor + j * stride;
      double sum = row[j];
      for (std::size_t i = j + 1; i < kTile; ++i) sum -= row[i] * above[i];
      row[j] = sum / above[j];
    }
  }
}

// Copies the lower triangle to the upper one.
void mirror(double* a, std::size_t size, ThreadPool& pool) {
  pool.parallel_for(size, kTile, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t c = r + 1; c < size; ++c) a[r * size + c] = a[c * size + r];
    }
  });
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

std::uint64_t upper_factor_bytes(std::size_t cols) {
  const std::uint64_t size = padded(cols);
  return size * size * sizeof(double);
}

std::uint64_t solve_bytes(std::size_t cols) {
  return std::uint64_t{kTile} * padded(cols) * sizeof(double);
}

std::optional<UpperFactor> upper_factor(const SecondMoments& moments, double damping,
                                        ThreadPool& pool) {
  CELLM_CHECK(moments.cols != 0);
  std::optional<AlignedBuffer<double>> matrix = reversed(moments, damping, pool);
  if (!matrix) return std::nullopt;
  UpperFactor factor;
  factor.cols_ = moments.cols;
  factor.size_ = padded(moments.cols);
  factor.tiles_ = *std::move(matrix);
  if (!factor_lower(factor.tiles_.data(), factor.size_, pool)) return std::nullopt;
  mirror(factor.tiles_.data(), factor.size_, pool);
  return factor;
}

// With the rows reversed, z (L Lᵀ)⁻¹: y = z L⁻ᵀ from left to right, then y L⁻¹ from right to left.
void UpperFactor::solve_block(double* block) const {
  for (std::size_t p = 0; p < size_; p += kTile) {
    const double* across = tiles_.data() + p * size_;
    for (std::size_t k = 0; k < p; k += kDepth) {
      subtract_product(block + k, across + k, block + p, std::min(kDepth, p - k), size_);
    }
    solve_tile(across + p, block + p, size_);
  }
  for (std::size_t p = size_; p != 0;) {
    p -= kTile;
    const double* across = tiles_.data() + p * size_;
    for (std::size_t k = p + kTile; k < size_; k += kDepth) {
      subtract_product(block + k, across + k, block + p, std::min(kDepth, size_ - k), size_);
    }
    solve_tile_back(across + p, block + p, size_);
  }
}

void UpperFactor::solve(double* z, std::size_t rows) const {
  AlignedBuffer<double> block(kTile * size_);
  for (std::size_t begin = 0; begin < rows; begin += kTile) {
    const std::size_t count = std::min(kTile, rows - begin);
    std::fill_n(block.data(), block.size(), 0.0);
    for (std::size_t r = 0; r < count; ++r) {
      const double* from = z + (begin + r) * cols_;
      std::reverse_copy(from, from + cols_, block.data() + r * size_);
    }
    solve_block(block.data());
    for (std::size_t r = 0; r < count; ++r) {
      const double* from = block.data() + r * size_;
      std::reverse_copy(from, from + cols_, z + (begin + r) * cols_);
    }
  }
}

}  // namespace cellm
