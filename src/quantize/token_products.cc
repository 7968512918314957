#include "quantize/token_products.h"

#include <algorithm>

#include "base/error.h"
#include "kernels/float_weights.h"

namespace cellm {

void WaitingTokens::add(const float* x, std::size_t tokens, ThreadPool& pool) {
  CELLM_CHECK(tokens <= room());
  pool.parallel_for(cols_, kSumSquare, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = 0; t < tokens; ++t) {
      float* out = values_.data() + tokens_ + t;
      for (std::size_t c = begin; c < end; ++c) out[c * kTokensPerSum] = x[t * cols_ + c];
    }
  });
  tokens_ += tokens;
}

std::vector<SumSquare> all_squares(std::size_t rows, std::size_t cols) {
  std::vector<SumSquare> squares;
  for (std::size_t col = 0; col < cols; col += kSumSquare) {
    for (std::size_t row = 0; row < rows; row += kSumSquare) squares.push_back({row, col});
  }
  return squares;
}

std::vector<SumSquare> lower_squares(std::size_t cols) {
  std::vector<SumSquare> squares = all_squares(cols, cols);
  std::erase_if(squares, [](const SumSquare& square) { return square.row < square.col; });
  return squares;
}

void add_products(const WaitingTokens& a, const WaitingTokens& b,
                  std::span<const SumSquare> squares, const KernelTable& kernels, ThreadPool& pool,
                  double* sums) {
  constexpr std::size_t kStride = WaitingTokens::kTokensPerSum;
  constexpr std::size_t kSquaresPerChunk = 4;
  CELLM_CHECK(a.tokens() == b.tokens());
  pool.parallel_for(squares.size(), kSquaresPerChunk, [&](std::size_t begin, std::size_t end) {
    alignas(kAlignment) float products[kSumSquare * kSumSquare];
    for (std::size_t s = begin; s < end; ++s) {
      const auto [row, col] = squares[s];
      const std::size_t rows_here = std::min(kSumSquare, a.cols() - row);
      const std::size_t cols_here = std::min(kSumSquare, b.cols() - col);
      // products[i][j] = column row + i of a times column col + j of b
      kernels.matmul(kernels, float_weights(b.column(col), b.tokens(), kStride), 0, cols_here,
                     a.column(row), kStride, rows_here, products, kSumSquare);
      for (std::size_t i = 0; i < rows_here; ++i) {
        double* out = sums + (row + i) * b.cols() + col;
        for (std::size_t j = 0; j < cols_here; ++j) {
          out[j] += static_cast<double>(products[i * kSumSquare + j]);
        }
      }
    }
  });
}

}  // namespace cellm
