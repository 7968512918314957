// What a method of choosing codes gets to know of the input of a matrix.
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

// The second moments of an input and the factors made of them, which all matrices of this input
// share. Not thread-safe: factors are asked for before rows are handed out to threads.
class CalibratedInput {
 public:
  CalibratedInput(SecondMoments moments, const KernelTable& kernels, ThreadPool& pool)
      : moments_(std::move(moments)), kernels_(kernels), pool_(pool) {}

  const SecondMoments& moments() const { return moments_; }
  const KernelTable& kernels() const { return kernels_; }
  ThreadPool& pool() const { return pool_; }

  // The factor for blocks of `width` columns; null if there is none (factorize()). Made at the
  // first call and then kept.
  std::shared_ptr<const FeedbackFactor> factor(std::size_t width);

  // The same of a transformed input: `transform` turns (a copy of) H into that of the input that
  // the matrix will meet, and `basis` is the transformation's name.
  using Transform = std::function<void(SecondMoments& moments)>;
  std::shared_ptr<const FeedbackFactor> factor(std::size_t width, std::string_view basis,
                                               const Transform& transform);

  // Whether a factor was asked for that there is not.
  bool lacks_factor() const { return lacks_factor_; }

 private:
  SecondMoments moments_;
  const KernelTable& kernels_;
  ThreadPool& pool_;
  std::map<std::pair<std::size_t, std::string>, std::shared_ptr<const FeedbackFactor>> factors_;
  bool lacks_factor_ = false;
};

}  // namespace cellm
