// Progress of a study.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "study/study.h"

namespace cellm {

// Finished and total work, and the time left.
class Work {
 public:
  explicit Work(const StudyHooks& hooks) : hooks_(hooks) {}
  void plan(double amount) { total_ += amount; }
  // Begins a step of this amount of work.
  void begin(std::string what, double amount) {
    base_ += amount_;
    what_ = std::move(what);
    amount_ = amount;
    update(0, 1);
  }
  void update(std::size_t done, std::size_t total) const {
    if (!hooks_.progress) return;
    const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
    hooks_.progress(what_, base_ + share * amount_, total_);
  }

 private:
  const StudyHooks& hooks_;
  std::string what_;
  double total_ = 0.0;
  double base_ = 0.0;    // of the steps before this one
  double amount_ = 0.0;  // of this one
};

}  // namespace cellm
