// Sums of products of two activations over tokens: in f32 over a limited number of tokens, these
// sums in f64, so that the rounding error does not grow with the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/thread_pool.h"
#include "kernels/kernel_table.h"

namespace cellm {

// Activations of up to kTokensPerSum tokens, columns as rows.
class WaitingTokens {
 public:
  static constexpr std::size_t kTokensPerSum = 1024;

  explicit WaitingTokens(std::size_t cols) : cols_(cols), values_(cols * kTokensPerSum) {}

  std::size_t cols() const { return cols_; }
  std::size_t tokens() const { return tokens_; }
  std::size_t room() const { return kTokensPerSum - tokens_; }
  const float* column(std::size_t col) const { return values_.data() + col * kTokensPerSum; }

  // x: (tokens, cols) without gaps, at most room() tokens.
  void add(const float* x, std::size_t tokens, ThreadPool& pool);
  void clear() { tokens_ = 0; }

  static std::uint64_t bytes(std::size_t cols) {
    return std::uint64_t{cols} * kTokensPerSum * sizeof(float);
  }

 private:
  std::size_t cols_;
  std::size_t tokens_ = 0;
  AlignedBuffer<float> values_;  // (cols, kTokensPerSum)
};

// A part of a matrix of sums, at most kSumSquare wide and high.
struct SumSquare {
  std::size_t row;
  std::size_t col;
};
// Squares of 64 columns of 1024 tokens stay in a second-level cache.
inline constexpr std::size_t kSumSquare = 64;
std::vector<SumSquare> all_squares(std::size_t rows, std::size_t cols);
// The squares of the lower triangle, diagonal included.
std::vector<SumSquare> lower_squares(std::size_t cols);

// sums[i][j] += Σ_tokens a[token][i] · b[token][j] in the squares; sums: (a.cols(), b.cols()). a
// and b hold the same tokens. The result does not depend on the number of threads.
void add_products(const WaitingTokens& a, const WaitingTokens& b,
                  std::span<const SumSquare> squares, const KernelTable& kernels, ThreadPool& pool,
                  double* sums);

}  // namespace cellm
