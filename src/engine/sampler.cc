#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace cellm {

Sampler::Sampler(const SamplerOptions& options, std::vector<std::uint32_t> unusable)
    : options_(options), unusable_(std::move(unusable)), random_(options.seed) {
  if (!(options.temperature >= 0.0F)) throw usage_error("temperature must not be negative");
  if (!(options.top_p > 0.0F && options.top_p <= 1.0F))
    throw usage_error("top-p must be in (0, 1]");
  if (!(options.min_p >= 0.0F && options.min_p < 1.0F))
    throw usage_error("min-p must be in [0, 1)");
  if (!(options.repeat_penalty > 0.0F)) throw usage_error("repeat penalty must be positive");
}

std::uint32_t Sampler::sample(std::span<const float> logits,
                              std::span<const std::uint32_t> history) {
  logits_.assign(logits.begin(), logits.end());
  for (const std::uint32_t id : unusable_) {
    if (id < logits_.size()) logits_[id] = -std::numeric_limits<float>::infinity();
  }
  if (options_.repeat_penalty != 1.0F) {
    const auto recent = history.last(std::min(history.size(), options_.repeat_window));
    std::vector<std::uint32_t> distinct(recent.begin(), recent.end());
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    for (const std::uint32_t id : distinct) {
      float& logit = logits_[id];
      logit = logit > 0.0F ? logit / options_.repeat_penalty : logit * options_.repeat_penalty;
    }
  }
  if (options_.temperature == 0.0F) {
    return static_cast<std::uint32_t>(std::max_element(logits_.begin(), logits_.end()) -
                                      logits_.begin());
  }
  keep_best();
  return draw();
}

namespace {

// Best first; equal logits in order of their ids.
constexpr auto kBetter = [](const auto& a, const auto& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
};

}  // namespace

// Fills candidates_ with the top k in order, or with all, in none.
void Sampler::keep_best() {
  candidates_.clear();
  const std::size_t k =
      options_.top_k == 0 ? logits_.size() : std::min(options_.top_k, logits_.size());
  // A heap of the best k seen, the worst of them on top: most logits are turned away by one
  // comparison.
  for (std::size_t id = 0; id < logits_.size(); ++id) {
    const Candidate candidate{logits_[id], static_cast<std::uint32_t>(id)};
    if (candidates_.size() < k) {
      candidates_.push_back(candidate);
      if (candidates_.size() == k && k < logits_.size())
        std::make_heap(candidates_.begin(), candidates_.end(), kBetter);
    } else if (kBetter(candidate, candidates_.front())) {
      std::pop_heap(candidates_.begin(), candidates_.end(), kBetter);
      candidates_.back() = candidate;
      std::push_heap(candidates_.begin(), candidates_.end(), kBetter);
    }
  }
  ranked_ = 0;
}

// The candidate of this rank, 0 for the best. Usually few ranks are used, so the rest stays
// unsorted.
const Sampler::Candidate& Sampler::ranked(std::size_t rank) {
  constexpr std::size_t kFirst = 64;
  if (rank >= ranked_) {
    const auto begin = candidates_.begin() + static_cast<std::ptrdiff_t>(ranked_);
    ranked_ = std::min(candidates_.size(), std::max({kFirst, 4 * ranked_, rank + 1}));
    const auto end = candidates_.begin() + static_cast<std::ptrdiff_t>(ranked_);
    if (end != candidates_.end()) std::nth_element(begin, end, candidates_.end(), kBetter);
    std::sort(begin, end, kBetter);
  }
  return candidates_[rank];
}

std::uint32_t Sampler::draw() {
  // exp((logit − best) / temperature): relative probabilities, the best has 1.
  const auto best = static_cast<double>(ranked(0).logit);
  const auto weight_of = [&](const Candidate& candidate) {
    const double weight = std::exp((static_cast<double>(candidate.logit) - best) /
                                   static_cast<double>(options_.temperature));
    return weight < static_cast<double>(options_.min_p) ? 0.0 : weight;
  };
  double total = 0.0;
  std::size_t possible = 0;
  for (const Candidate& candidate : candidates_) {
    const double weight = weight_of(candidate);
    total += weight;
    possible += weight > 0.0 ? 1 : 0;
  }
  double kept = total;
  if (options_.top_p < 1.0F) {
    kept = 0.0;
    for (std::size_t rank = 0; rank < possible; ++rank) {
      kept += weight_of(ranked(rank));
      if (kept >= static_cast<double>(options_.top_p) * total) possible = rank + 1;
    }
  }
  // 53 random bits; std::uniform_real_distribution may differ between libraries.
  double left = static_cast<double>(random_() >> 11) * 0x1p-53 * kept;
  for (std::size_t rank = 0; rank + 1 < possible; ++rank) {
    const double weight = weight_of(ranked(rank));
    if (left < weight) return ranked(rank).id;
    left -= weight;
  }
  return ranked(possible - 1).id;
}

}  // namespace cellm
