#include "engine/logprobs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/sampler_filters.h"

namespace cellm {

TokenLogprobs token_logprobs(std::span<const float> logits, std::uint32_t id, std::size_t top,
                             std::span<const std::uint32_t> unusable) {
  const auto best = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double total = 0.0;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit) - best);
  const double log_total = best + std::log(total);
  const auto logprob = [&](float logit) {
    return static_cast<float>(static_cast<double>(logit) - log_total);
  };
  TokenLogprobs result{{id, logprob(logits[id])}, {}};
  if (top == 0) return result;
  std::vector<float> usable(logits.begin(), logits.end());
  for (const std::uint32_t one : unusable) {
    if (one < usable.size()) usable[one] = -std::numeric_limits<float>::infinity();
  }
  std::vector<Candidate> candidates = best_candidates(usable, top);
  std::sort(candidates.begin(), candidates.end(), is_better);
  for (const Candidate& one : candidates) {
    if (std::isfinite(one.logit)) result.top.push_back({one.id, logprob(one.logit)});
  }
  return result;
}

}  // namespace cellm
