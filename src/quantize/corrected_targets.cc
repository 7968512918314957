#include "quantize/corrected_targets.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "kernels/float_weights.h"

namespace cellm {
namespace {

// Rows that a thread solves for at a time.
constexpr std::size_t kRowsPerChunk = 64;

double squares(const float* values, std::size_t count) {
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  }
  return sum;
}

}  // namespace

TargetMomentsSum::TargetMomentsSum(std::size_t cols, std::size_t stream_width,
                                   const KernelTable& kernels, ThreadPool& pool)
    : kernels_(kernels), pool_(pool), waiting_(cols), inputs_(cols), streams_(stream_width) {}

void TargetMomentsSum::add_difference(Sum& sum, const float* a, const float* b,
                                      std::size_t tokens) {
  difference_.resize(tokens * sum.waiting.cols());
  for (std::size_t i = 0; i < difference_.size(); ++i) difference_[i] = a[i] - b[i];
  sum.any = sum.any || std::any_of(difference_.begin(), difference_.end(),
                                   [](float value) { return value != 0.0F; });
  sum.waiting.add(difference_.data(), tokens, pool_);
}

void TargetMomentsSum::add(std::size_t tokens, const float* x, const float* reference_x,
                           const float* stream, const float* reference_stream) {
  while (tokens != 0) {
    const std::size_t count = std::min(tokens, waiting_.room());
    waiting_.add(x, count, pool_);
    add_difference(inputs_, reference_x, x, count);
    x += count * waiting_.cols();
    reference_x += count * waiting_.cols();
    if (stream != nullptr) {
      add_difference(streams_, reference_stream, stream, count);
      stream += count * streams_.waiting.cols();
      reference_stream += count * streams_.waiting.cols();
    }
    tokens -= count;
    if (waiting_.room() == 0) flush();
  }
}

void TargetMomentsSum::flush() {
  const std::size_t cols = waiting_.cols();
  const std::size_t width = streams_.waiting.cols();
  if (inputs_.any) {
    if (inputs_.sums.size() == 0) inputs_.sums = AlignedBuffer<double>(cols * cols);
    add_products(waiting_, inputs_.waiting, all_squares(cols, cols), kernels_, pool_,
                 inputs_.sums.data());
  }
  if (streams_.any) {
    if (streams_.sums.size() == 0) streams_.sums = AlignedBuffer<double>(width * cols);
    add_products(streams_.waiting, waiting_, all_squares(width, cols), kernels_, pool_,
                 streams_.sums.data());
  }
  waiting_.clear();
  for (Sum* sum : {&inputs_, &streams_}) {
    sum->waiting.clear();
    sum->any = false;
  }
}

TargetMoments TargetMomentsSum::finish() {
  if (waiting_.tokens() != 0) flush();
  return {waiting_.cols(), std::move(inputs_.sums), std::move(streams_.sums)};
}

std::uint64_t target_moments_bytes(std::size_t cols, std::size_t stream_width) {
  const std::uint64_t wide = cols;
  return (wide + stream_width) * wide * sizeof(double) + 2 * WaitingTokens::bytes(cols) +
         WaitingTokens::bytes(stream_width);
}

std::uint64_t target_correction_bytes(std::size_t cols, std::uint64_t weights, unsigned threads) {
  const std::uint64_t wide = cols;
  const std::uint64_t chunk = kRowsPerChunk * wide * (sizeof(double) + sizeof(float));
  return wide * wide * sizeof(float) + upper_factor_bytes(cols) + 2 * weights * sizeof(float) +
         threads * (chunk + solve_bytes(cols));
}

TargetCorrection::TargetCorrection(TargetMoments moments, UpperFactor factor,
                                   const TargetFactors& factors, const KernelTable& kernels,
                                   ThreadPool& pool)
    : moments_(std::move(moments)),
      factor_(std::move(factor)),
      factors_(factors),
      kernels_(kernels),
      pool_(pool),
      products_(moments_.inputs.size()) {
  CELLM_CHECK(moments_.cols == factor_.cols());
  std::transform(moments_.inputs.data(), moments_.inputs.data() + moments_.inputs.size(),
                 products_.data(), [](double value) { return static_cast<float>(value); });
  moments_.inputs = {};
}

// The rows [begin, end) of T − W.
void TargetCorrection::correct_rows(const float* weights, std::size_t begin, std::size_t end,
                                    float* correction) const {
  const std::size_t cols = moments_.cols;
  const std::size_t count = end - begin;
  std::vector<double> solution(count * cols);
  if (products_.size() != 0) {
    std::vector<float> products(count * cols);
    kernels_.matmul(kernels_, float_weights(products_.data(), cols, cols), 0, cols,
                    weights + begin * cols, cols, count, products.data(), cols);
    std::transform(products.begin(), products.end(), solution.begin(),
                   [&](float value) { return factors_.inputs * static_cast<double>(value); });
  }
  if (moments_.streams.size() != 0) {
    const double* streams = moments_.streams.data() + begin * cols;
    for (std::size_t i = 0; i < solution.size(); ++i) {
      solution[i] += factors_.streams * streams[i];
    }
  }
  factor_.solve(solution.data(), count);
  std::transform(solution.begin(), solution.end(), correction + begin * cols,
                 [](double value) { return static_cast<float>(value); });
}

double TargetCorrection::apply(std::span<float> weights) const {
  if (products_.size() == 0 && moments_.streams.size() == 0) return 0.0;
  const std::size_t cols = moments_.cols;
  const std::size_t rows = weights.size() / cols;
  CELLM_CHECK(moments_.streams.size() == 0 || moments_.streams.size() == weights.size());
  AlignedBuffer<float> correction(weights.size());
  std::vector<double> changes(rows);
  std::vector<double> sizes(rows);
  pool_.parallel_for(rows, kRowsPerChunk, [&](std::size_t begin, std::size_t end) {
    correct_rows(weights.data(), begin, end, correction.data());
    for (std::size_t r = begin; r < end; ++r) {
      changes[r] = squares(correction.data() + r * cols, cols);
      sizes[r] = squares(weights.data() + r * cols, cols);
    }
  });
  double change = 0.0;
  double size = 0.0;
  for (std::size_t r = 0; r < rows; ++r) {
    change += changes[r];
    size += sizes[r];
  }
  const double relative = std::sqrt(change / size);
  if (!std::isfinite(relative)) return relative;
  const auto share = static_cast<float>(std::min(1.0, kMostTargetChange / relative));
  pool_.parallel_for(weights.size(), kRowsPerChunk * cols, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (correction[i] != 0.0F) weights[i] += share * correction[i];
    }
  });
  return relative;
}

}  // namespace cellm
