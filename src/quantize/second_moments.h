// H = Σ x xᵀ over the tokens of a text, of one input of one or more matrices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/thread_pool.h"
#include "kernels/kernel_table.h"
#include "quantize/token_products.h"

namespace cellm {

// With ΔW the error of a matrix, Σ_tokens ‖ΔW x‖² = tr(ΔW H ΔWᵀ).
struct SecondMoments {
  std::size_t cols = 0;
  std::uint64_t tokens = 0;
  AlignedBuffer<double> values;  // (cols, cols), both triangles; not divided by the tokens

  double at(std::size_t row, std::size_t col) const { return values[row * cols + col]; }
  std::vector<double> diagonal() const;
};

// H of the rotated input, Rᵀ H R (format/rotation.h), in place.
void rotate(SecondMoments& moments, const std::vector<float>& factors, ThreadPool& pool);

// Memory of a SecondMomentsSum in bytes, its result included.
std::uint64_t second_moments_bytes(std::size_t cols);

// Accumulates H. Not thread-safe; uses the pool. The result depends on the order of the tokens, but
// not on the number of threads nor on the division of tokens into calls.
class SecondMomentsSum {
 public:
  SecondMomentsSum(std::size_t cols, const KernelTable& kernels, ThreadPool& pool);

  // x: (tokens, cols) without gaps.
  void add(const float* x, std::size_t tokens);
  // The sum. Nothing may be added afterwards.
  SecondMoments finish();

 private:
  void flush();

  const KernelTable& kernels_;
  ThreadPool& pool_;
  std::vector<SumSquare> squares_;
  SecondMoments moments_;  // the lower triangle, until finish()
  WaitingTokens waiting_;
};

}  // namespace cellm
