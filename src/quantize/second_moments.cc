#include "quantize/second_moments.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "format/rotation.h"
#include "kernels/float_weights.h"

namespace cellm {
namespace {

// H is computed in squares of this size: 64 columns of 1024 tokens stay in a second-level cache.
constexpr std::size_t kSquare = 64;

struct Square {
  std::size_t row;
  std::size_t col;
};

// All squares of the lower triangle, the diagonal included.
std::vector<Square> lower_squares(std::size_t cols) {
  std::vector<Square> squares;
  for (std::size_t col = 0; col < cols; col += kSquare) {
    for (std::size_t row = col; row < cols; row += kSquare) squares.push_back({row, col});
  }
  return squares;
}

}  // namespace

std::vector<double> SecondMoments::diagonal() const {
  std::vector<double> result(cols);
  for (std::size_t c = 0; c < cols; ++c) result[c] = at(c, c);
  return result;
}

void rotate(SecondMoments& moments, const std::vector<float>& factors, ThreadPool& pool) {
  const std::size_t cols = moments.cols;
  double* values = moments.values.data();
  const auto rotate_rows = [&] {
    pool.parallel_for(cols, kSquare, [&](std::size_t begin, std::size_t end) {
      for (std::size_t r = begin; r < end; ++r) rotate_row(factors, values + r * cols);
    });
  };
  rotate_rows();
  for (std::size_t r = 0; r < cols; ++r) {
    for (std::size_t c = 0; c < r; ++c) std::swap(values[r * cols + c], values[c * cols + r]);
  }
  rotate_rows();
}

std::uint64_t second_moments_bytes(std::size_t cols) {
  const std::uint64_t wide = cols;
  return wide * wide * sizeof(double) + wide * SecondMomentsSum::kTokensPerSum * sizeof(float);
}

SecondMomentsSum::SecondMomentsSum(std::size_t cols, const KernelTable& kernels, ThreadPool& pool)
    : kernels_(kernels),
      pool_(pool),
      moments_{cols, 0, AlignedBuffer<double>(cols * cols)},
      waiting_(cols * kTokensPerSum) {}

void SecondMomentsSum::add(const float* x, std::size_t tokens) {
  const std::size_t cols = moments_.cols;
  while (tokens != 0) {
    const std::size_t count = std::min(tokens, kTokensPerSum - waiting_tokens_);
    pool_.parallel_for(cols, kSquare, [&](std::size_t begin, std::size_t end) {
      for (std::size_t t = 0; t < count; ++t) {
        float* out = waiting_.data() + waiting_tokens_ + t;
        for (std::size_t c = begin; c < end; ++c) out[c * kTokensPerSum] = x[t * cols + c];
      }
    });
    x += count * cols;
    tokens -= count;
    waiting_tokens_ += count;
    moments_.tokens += count;
    if (waiting_tokens_ == kTokensPerSum) flush();
  }
}

void SecondMomentsSum::flush() {
  const std::size_t cols = moments_.cols;
  const std::vector<Square> squares = lower_squares(cols);
  const auto columns_from = [&](std::size_t col) {
    const float* first = waiting_.data() + col * kTokensPerSum;
    return float_weights(first, waiting_tokens_, kTokensPerSum);
  };
  constexpr std::size_t kSquaresPerChunk = 4;
  pool_.parallel_for(squares.size(), kSquaresPerChunk, [&](std::size_t begin, std::size_t end) {
    alignas(kAlignment) float sums[kSquare * kSquare];
    for (std::size_t s = begin; s < end; ++s) {
      const auto [row, col] = squares[s];
      const std::size_t rows_here = std::min(kSquare, cols - row);
      const std::size_t cols_here = std::min(kSquare, cols - col);
      // sums[i][j] = column row + i times column col + j
      kernels_.matmul(kernels_, columns_from(col), 0, cols_here,
                      waiting_.data() + row * kTokensPerSum, kTokensPerSum, rows_here, sums,
                      kSquare);
      for (std::size_t i = 0; i < rows_here; ++i) {
        double* out = moments_.values.data() + (row + i) * cols + col;
        for (std::size_t j = 0; j < cols_here; ++j) {
          out[j] += static_cast<double>(sums[i * kSquare + j]);
        }
      }
    }
  });
  waiting_tokens_ = 0;
}

SecondMoments SecondMomentsSum::finish() {
  if (waiting_tokens_ != 0) flush();
  const std::size_t cols = moments_.cols;
  double* values = moments_.values.data();
  pool_.parallel_for(cols, kSquare, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t c = r + 1; c < cols; ++c) values[r * cols + c] = values[c * cols + r];
    }
  });
  return std::move(moments_);
}

}  // namespace cellm
