#include "engine/draft_gain.h"

#include <algorithm>

namespace cellm {
namespace {

constexpr double kLatestWeight = 0.2;

}  // namespace

void PlainSteps::add(std::size_t answers, double seconds) {
  const auto [mean, is_new] = means_.try_emplace(answers, Mean{seconds});
  if (!is_new) mean->second.seconds += kLatestWeight * (seconds - mean->second.seconds);
  mean->second.drafted = 0;
}

void PlainSteps::add_drafted(std::size_t answers) {
  const auto mean = means_.find(answers);
  if (mean != means_.end()) ++mean->second.drafted;
}

std::optional<double> PlainSteps::seconds(std::size_t answers) const {
  const auto mean = means_.find(answers);
  if (mean == means_.end() || mean->second.drafted >= kFresh) return std::nullopt;
  return mean->second.seconds;
}

void DraftGain::add(std::size_t tokens, double seconds, double plain) {
  steps_[count_++ % kWindow] = {static_cast<double>(tokens) * plain, seconds};
  if (count_ < kFewest) return;
  Seconds sum;
  for (std::size_t i = 0; i < std::min(count_, kWindow); ++i) {
    sum.plain += steps_[i].plain;
    sum.drafted += steps_[i].drafted;
  }
  if (sum.plain >= kLeast * sum.drafted) {
    if (count_ >= kWindow) next_pause_ = kFirstPause;
    return;
  }
  pause_ = next_pause_;
  next_pause_ = std::min(2 * next_pause_, kLongestPause);
  count_ = 0;
}

}  // namespace cellm
