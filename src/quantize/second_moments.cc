#include "quantize/second_moments.h"

#include <algorithm>
#include <utility>

#include "format/rotation.h"

namespace cellm {

std::vector<double> SecondMoments::diagonal() const {
  std::vector<double> result(cols);
  for (std::size_t c = 0; c < cols; ++c) result[c] = at(c, c);
  return result;
}

void rotate(SecondMoments& moments, const std::vector<float>& factors, ThreadPool& pool) {
  const std::size_t cols = moments.cols;
  double* values = moments.values.data();
  const auto rotate_rows = [&] {
    pool.parallel_for(cols, kSumSquare, [&](std::size_t begin, std::size_t end) {
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
  return wide * wide * sizeof(double) + WaitingTokens::bytes(cols);
}

SecondMomentsSum::SecondMomentsSum(std::size_t cols, const KernelTable& kernels, ThreadPool& pool)
    : kernels_(kernels),
      pool_(pool),
      squares_(lower_squares(cols)),
      moments_{cols, 0, AlignedBuffer<double>(cols * cols)},
      waiting_(cols) {}

void SecondMomentsSum::add(const float* x, std::size_t tokens) {
  while (tokens != 0) {
    const std::size_t count = std::min(tokens, waiting_.room());
    waiting_.add(x, count, pool_);
    x += count * moments_.cols;
    tokens -= count;
    moments_.tokens += count;
    if (waiting_.room() == 0) flush();
  }
}

void SecondMomentsSum::flush() {
  add_products(waiting_, waiting_, squares_, kernels_, pool_, moments_.values.data());
  waiting_.clear();
}

SecondMoments SecondMomentsSum::finish() {
  if (waiting_.tokens() != 0) flush();
  const std::size_t cols = moments_.cols;
  double* values = moments_.values.data();
  pool_.parallel_for(cols, kSumSquare, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t c = r + 1; c < cols; ++c) values[r * cols + c] = values[c * cols + r];
    }
  });
  return std::move(moments_);
}

}  // namespace cellm
