#include "engine/loop_guard.h"

#include <algorithm>

namespace cellm {

LoopGuard::LoopGuard() : latest_(kLoopLongestPeriod), runs_(kLoopLongestPeriod, 0) {}

bool LoopGuard::push(std::uint32_t id) {
  bool loops = false;
  const std::size_t periods = std::min(position_, kLoopLongestPeriod);
  for (std::size_t period = 1; period <= periods; ++period) {
    std::uint32_t& run = runs_[period - 1];
    run = latest_[(position_ - period) % kLoopLongestPeriod] == id ? run + 1 : 0;
    loops = loops || period + run >= loop_tokens(period);
  }
  latest_[position_ % kLoopLongestPeriod] = id;
  ++position_;
  return loops;
}

void LoopGuard::reset() {
  std::fill(runs_.begin(), runs_.end(), 0U);
  position_ = 0;
}

}  // namespace cellm
