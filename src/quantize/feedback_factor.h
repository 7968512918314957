// The triangular factor of an input's second moments, which propagates errors from column to
// column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/aligned_buffer.h"
#include "base/thread_pool.h"
#include "quantize/cholesky.h"
#include "quantize/second_moments.h"

namespace cellm {

// H = R Rᵀ with R upper triangular, in blocks of `width` columns (the last may be narrower). With E
// the error of a matrix, tr(E H Eᵀ) = ‖E R‖², and block B of E R is (E_B + Σ_{j<B} E_j L_Bj) R_BB
// with L_Bj = R_jB R_BB⁻¹. So the loss of the block is zero if it becomes
//   target_B = W_B + Σ_{j<B} E_j L_Bj                             (E = W − Q)
// and quantizing it minimises ‖(target_B − Q_B) R_BB‖². This is GPTQ (arXiv:2210.17323), which
// has the factor U = R⁻¹ of the inverse, H⁻¹ = Uᵀ U, and spreads errors over the columns ahead; it
// is LDLQ (arXiv:2307.13304) for width 1, and its block form (arXiv:2402.04396) for wider ones.
struct FeedbackFactor {
  std::size_t cols = 0;
  std::size_t width = 1;
  // (cols, cols): row k has L of column k for the columns before its block, and zeros from there.
  AlignedBuffer<float> feedback;
  // (cols, width): row k has row k of its block's R_BB, from the diagonal on; elsewhere zeros.
  AlignedBuffer<double> diagonal;

  std::size_t block_begin(std::size_t col) const { return col / width * width; }
  // R_BB[i][j] of the block that begins at `begin`; 0 below the diagonal.
  double block_value(std::size_t begin, std::size_t i, std::size_t j) const {
    return j < i ? 0.0 : diagonal[(begin + i) * width + j - i];
  }
};

// Empty if H is not finite or, damping included, not positive definite. 2 / 3 · cols³ operations
// in f64, on all threads of the pool; the result does not depend on their number. Takes
// factor_bytes() of memory, a part of it for the result.
std::optional<FeedbackFactor> factorize(const SecondMoments& moments, std::size_t width,
                                        ThreadPool& pool, double damping = kFeedbackDamping);
std::uint64_t factor_bytes(std::size_t cols);

}  // namespace cellm
