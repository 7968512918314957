#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"

namespace cellm {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Throws unless `holds`; what does not compare is no number.
void require(bool holds, float value, const char* name, const char* range) {
  if (std::isnan(value)) throw usage_error("{} is not a number", name);
  if (!holds) throw usage_error("{} must {}", name, range);
}

void check(const SamplerOptions& o) {
  require(o.temperature >= 0.0F, o.temperature, "temperature", "not be negative");
  require(o.top_p > 0.0F && o.top_p <= 1.0F, o.top_p, "top-p", "be in (0, 1]");
  require(o.min_p >= 0.0F && o.min_p < 1.0F, o.min_p, "min-p", "be in [0, 1)");
  require(o.repeat_penalty > 0.0F, o.repeat_penalty, "repeat penalty", "be positive");
  require(std::isfinite(o.presence_penalty), o.presence_penalty, "presence penalty", "be finite");
  require(std::isfinite(o.frequency_penalty), o.frequency_penalty, "frequency penalty",
          "be finite");
  require(o.top_n_sigma >= 0.0F, o.top_n_sigma, "top-n-sigma", "not be negative");
  require(o.typical_p > 0.0F && o.typical_p <= 1.0F, o.typical_p, "typical-p", "be in (0, 1]");
  require(o.xtc_probability >= 0.0F && o.xtc_probability <= 1.0F, o.xtc_probability,
          "XTC's probability", "be in [0, 1]");
  require(o.xtc_threshold > 0.0F && o.xtc_threshold <= 1.0F, o.xtc_threshold, "XTC's threshold",
          "be in (0, 1]");
  for (const LogitBias& one : o.logit_bias) {
    require(one.bias < kInfinity, one.bias, "a logit bias", "be finite or −inf");
  }
}

}  // namespace

Sampler::Sampler(const SamplerOptions& options, std::vector<std::uint32_t> unusable,
                 const Tokenizer* tokenizer)
    : options_(options),
      unusable_(std::move(unusable)),
      tokenizer_(tokenizer),
      random_(options.seed) {
  check(options);
  if (options.dry.multiplier != 0.0F) dry_.emplace(options.dry, tokenizer);
}

void Sampler::switch_on_dry() {
  dry_.emplace(DryOptions{.multiplier = kRecommendedDryMultiplier}, tokenizer_);
}

std::uint32_t Sampler::sample(std::span<const float> logits, std::span<const std::uint32_t> history,
                              std::span<const std::uint32_t> forbidden,
                              std::span<const std::uint64_t> allowed) {
  logits_.assign(logits.begin(), logits.end());
  change_logits(history, forbidden);
  if (!allowed.empty()) keep_allowed(allowed);
  const auto best = std::max_element(logits_.begin(), logits_.end());
  if (*best == -kInfinity) throw usage_error("no token is left to choose from");
  if (options_.temperature == 0.0F) return static_cast<std::uint32_t>(best - logits_.begin());
  if (options_.top_n_sigma > 0.0F) cut_below_n_sigma(logits_, options_.top_n_sigma);
  best_candidates(logits_, options_.top_k, candidates_);
  if (options_.typical_p < 1.0F) keep_typical(candidates_, options_.typical_p);
  ranked_ = 0;
  return draw();
}

void Sampler::change_logits(std::span<const std::uint32_t> history,
                            std::span<const std::uint32_t> forbidden) {
  for (const auto ids : {std::span<const std::uint32_t>(unusable_), forbidden}) {
    for (const std::uint32_t id : ids) {
      if (id < logits_.size()) logits_[id] = -kInfinity;
    }
  }
  for (const LogitBias& one : options_.logit_bias) {
    if (one.id >= logits_.size()) {
      throw usage_error("the logit bias of token {} is beyond the vocabulary of {}", one.id,
                        logits_.size());
    }
    logits_[one.id] += one.bias;
  }
  if (options_.repeat_penalty != 1.0F || options_.presence_penalty != 0.0F ||
      options_.frequency_penalty != 0.0F) {
    penalize_recent(
        logits_, history.last(std::min(history.size(), options_.repeat_window)),
        {options_.repeat_penalty, options_.presence_penalty, options_.frequency_penalty});
  }
  if (dry_) dry_->apply(logits_, history);
}

void Sampler::keep_allowed(std::span<const std::uint64_t> allowed) {
  for (std::size_t id = 0; id < logits_.size(); ++id) {
    const bool is_allowed = id / 64 < allowed.size() && (allowed[id / 64] >> id % 64 & 1) != 0;
    if (!is_allowed) logits_[id] = -kInfinity;
  }
}

// The candidate with so many better ones. Few are ever asked for, so the others are not sorted.
const Candidate& Sampler::ranked(std::size_t rank) {
  constexpr std::size_t kFirst = 64;
  if (rank >= ranked_) {
    const auto begin = candidates_.begin() + static_cast<std::ptrdiff_t>(ranked_);
    ranked_ = std::min(candidates_.size(), std::max({kFirst, 4 * ranked_, rank + 1}));
    const auto end = candidates_.begin() + static_cast<std::ptrdiff_t>(ranked_);
    if (end != candidates_.end()) std::nth_element(begin, end, candidates_.end(), is_better);
    std::sort(begin, end, is_better);
  }
  return candidates_[rank];
}

// exp((logit − best) / temperature): relative probabilities, the best has 1.
double Sampler::weight_of(const Candidate& candidate, float temperature) {
  const auto best = static_cast<double>(ranked(0).logit);
  return std::exp((static_cast<double>(candidate.logit) - best) / static_cast<double>(temperature));
}

// In [0, 1), of 53 random bits; std::uniform_real_distribution may differ between libraries.
double Sampler::random() {
  return static_cast<double>(random_() >> 11) * 0x1p-53;
}

// How many of the best candidates top-p and then min-p keep.
std::size_t Sampler::count_possible() {
  std::size_t possible = candidates_.size();
  if (options_.top_p < 1.0F) {
    double total = 0.0;
    for (const Candidate& candidate : candidates_) total += weight_of(candidate, 1.0F);
    double kept = 0.0;
    for (std::size_t rank = 0; rank < possible; ++rank) {
      kept += weight_of(ranked(rank), 1.0F);
      if (kept >= static_cast<double>(options_.top_p) * total) possible = rank + 1;
    }
  }
  if (options_.min_p > 0.0F) {
    const auto least = static_cast<double>(options_.min_p);
    for (std::size_t rank = 1; rank < possible; ++rank) {
      if (weight_of(ranked(rank), 1.0F) < least) possible = rank;
    }
  }
  return possible;
}

std::uint32_t Sampler::draw() {
  ranked(0);  // sorts the front, on which weights depend
  const std::size_t possible = count_possible();
  std::size_t first = 0;
  if (options_.xtc_probability > 0.0F && random() < static_cast<double>(options_.xtc_probability)) {
    ranked(possible - 1);
    first = excluded_top_choices(std::span(candidates_).first(possible), options_.xtc_threshold);
  }
  double left = 0.0;
  if (first == 0 &&
      possible == candidates_.size()) {  // in any order, so that none has to be sorted
    for (const Candidate& candidate : candidates_)
      left += weight_of(candidate, options_.temperature);
  } else {
    for (std::size_t rank = first; rank < possible; ++rank) {
      left += weight_of(ranked(rank), options_.temperature);
    }
  }
  left *= random();
  for (std::size_t rank = first; rank + 1 < possible; ++rank) {
    const double weight = weight_of(ranked(rank), options_.temperature);
    if (left < weight) return ranked(rank).id;
    left -= weight;
  }
  return ranked(possible - 1).id;
}

}  // namespace cellm
