// The calibration statistics of one matrix input, as a quantization method sees them.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kernels/kernel_table.h"
#include "quantize/feedback_factor.h"
#include "quantize/second_moments.h"

namespace cellm {

// The second moments of an input and the factors computed from them, shared by all matrices with
// this input. Not thread-safe: compute factors before rows are divided among threads.
class CalibratedInput {
 public:
  CalibratedInput(SecondMoments moments, const KernelTable& kernels, ThreadPool& pool)
      : moments_(std::move(moments)), kernels_(kernels), pool_(pool) {}

  const SecondMoments& moments() const { return moments_; }
  const KernelTable& kernels() const { return kernels_; }
  ThreadPool& pool() const { return pool_; }

  // The factor for blocks of `width` columns; null if factorize() finds none. Computed at the
  // first call and cached.
  std::shared_ptr<const FeedbackFactor> factor(std::size_t width);

  // The factor of a transformed input: `transform` turns a copy of H into the second moments of the
  // transformed input; `basis` names the transformation and is the cache key.
  using Transform = std::function<void(SecondMoments& moments)>;
  std::shared_ptr<const FeedbackFactor> factor(std::size_t width, std::string_view basis,
                                               const Transform& transform);

  // Whether factor() has returned null.
  bool lacks_factor() const { return lacks_factor_; }

 private:
  SecondMoments moments_;
  const KernelTable& kernels_;
  ThreadPool& pool_;
  std::map<std::pair<std::size_t, std::string>, std::shared_ptr<const FeedbackFactor>> factors_;
  bool lacks_factor_ = false;
};

}  // namespace cellm
