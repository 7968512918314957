// The triangular factor of an input's second moments in f64, and solving with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/aligned_buffer.h"
#include "base/thread_pool.h"
#include "quantize/second_moments.h"

namespace cellm {

// Added to every diagonal element of H, relative to their mean: bounds what errors may be moved
// into directions that the calibration text never excites.
inline constexpr double kFeedbackDamping = 0.01;

// R of the damped H = R Rᵀ, R upper triangular. Immutable, so it may be read from any thread.
class UpperFactor {
 public:
  std::size_t cols() const { return cols_; }
  // row ≤ col
  double at(std::size_t row, std::size_t col) const {
    return tiles_[(cols_ - 1 - row) * size_ + (cols_ - 1 - col)];
  }

  // Replaces each row z of `rows` ones, (rows, cols), by z H⁻¹ with the damped H: forward and back
  // substitution, 2 · rows · cols² operations on the calling thread. A row's result does not depend
  // on the others.
  void solve(double* z, std::size_t rows) const;

 private:
  friend std::optional<UpperFactor> upper_factor(const SecondMoments& moments, double damping,
                                                 ThreadPool& pool);
  void solve_block(double* block) const;

  std::size_t cols_ = 0;
  std::size_t size_ = 0;  // of the tiles: cols_, padded with ones on the diagonal
  // (size, size): R with rows and columns in reverse order, which is the lower Cholesky factor of H
  // with rows and columns in reverse order, and above the diagonal its transpose.
  AlignedBuffer<double> tiles_;
};

// Empty if H is not finite or, damping included, not positive definite. cols³ / 3 operations on all
// threads of the pool; the result does not depend on their number. Takes upper_factor_bytes().
std::optional<UpperFactor> upper_factor(const SecondMoments& moments, double damping,
                                        ThreadPool& pool);
std::uint64_t upper_factor_bytes(std::size_t cols);

// Memory of UpperFactor::solve() in bytes on each thread.
std::uint64_t solve_bytes(std::size_t cols);

}  // namespace cellm
