#include "engine/sampler_penalties.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/limits.h"

namespace cellm {
namespace {

// Length of the longest common beginning of `text` and what follows after each position, by the
// Z-algorithm.
std::vector<std::size_t> common_beginnings(std::span<const std::uint32_t> text) {
  std::vector<std::size_t> length(text.size(), 0);
  std::size_t begin = 0;  // of the common part that reaches furthest
  std::size_t end = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    std::size_t n = i < end ? std::min(end - i, length[i - begin]) : 0;
    while (i + n < text.size() && text[n] == text[i + n]) ++n;
    length[i] = n;
    if (i + n > end) {
      begin = i;
      end = i + n;
    }
  }
  return length;
}

}  // namespace

void penalize_recent(std::span<float> logits, std::span<const std::uint32_t> recent,
                     const RecencyPenalties& penalties) {
  std::vector<std::uint32_t> sorted(recent.begin(), recent.end());
  std::sort(sorted.begin(), sorted.end());
  for (auto first = sorted.begin(); first != sorted.end();) {
    const auto last = std::upper_bound(first, sorted.end(), *first);
    float& logit = logits[*first];
    logit = logit > 0.0F ? logit / penalties.repeat : logit * penalties.repeat;
    logit -= static_cast<float>(last - first) * penalties.frequency + penalties.presence;
    first = last;
  }
}

std::vector<DryRepeat> find_repeats(std::span<const std::uint32_t> text, std::size_t allowed_length,
                                    std::size_t limit) {
  std::vector<DryRepeat> repeats;
  // From the end: what the text ends with is what the reversed one begins with.
  const std::vector<std::uint32_t> reversed(text.rbegin(), text.rend());
  const std::vector<std::size_t> lengths = common_beginnings(reversed);
  for (std::size_t i = 1; i < reversed.size(); ++i) {
    const std::size_t length = std::min(lengths[i], limit);
    if (length >= allowed_length) repeats.push_back({reversed[i - 1], length});
  }
  std::sort(repeats.begin(), repeats.end(), [](const DryRepeat& a, const DryRepeat& b) {
    return a.id != b.id ? a.id < b.id : a.length > b.length;
  });
  const auto same_id = [](const DryRepeat& a, const DryRepeat& b) { return a.id == b.id; };
  repeats.erase(std::unique(repeats.begin(), repeats.end(), same_id), repeats.end());
  return repeats;
}

DryPenalty::DryPenalty(DryOptions options, const Tokenizer* tokenizer)
    : options_(std::move(options)), tokenizer_(tokenizer) {
  if (!(options_.multiplier >= 0.0F) || !std::isfinite(options_.multiplier)) {
    throw usage_error("DRY's multiplier must not be negative");
  }
  if (!(options_.base >= 1.0F) || !std::isfinite(options_.base)) {
    throw usage_error("DRY's base must be at least 1");
  }
  if (options_.allowed_length == 0) throw usage_error("DRY's allowed length must be at least 1");
  if (options_.breakers.size() > kMaxStopStrings) {
    throw usage_error("{} sequence breakers are more than {}", options_.breakers.size(),
                      kMaxStopStrings);
  }
  for (const std::string& breaker : options_.breakers) {
    if (breaker.empty()) throw usage_error("a sequence breaker is empty");
    if (breaker.size() > kMaxStopStringBytes) {
      throw usage_error("a sequence breaker of {} bytes is longer than {}", breaker.size(),
                        kMaxStopStringBytes);
    }
    if (tokenizer != nullptr) breakers_.emplace_back(breaker);
  }
}

void DryPenalty::read(std::span<const std::uint32_t> text) {
  for (; read_ < text.size(); ++read_) {
    if (breakers_.empty() || !tokenizer_->contains(text[read_])) continue;
    for (const char byte : tokenizer_->token_bytes(text[read_])) {
      for (StringMatcher& breaker : breakers_) {
        if (breaker.push(byte)) after_break_ = read_ + 1;
      }
    }
  }
}

bool DryPenalty::breaks(std::uint32_t id) const {
  if (breakers_.empty() || !tokenizer_->contains(id)) return false;
  const std::string text = tokenizer_->token_bytes(id);
  return std::any_of(options_.breakers.begin(), options_.breakers.end(),
                     [&](const auto& breaker) { return text.find(breaker) != std::string::npos; });
}

void DryPenalty::apply(std::span<float> logits, std::span<const std::uint32_t> text) {
  if (options_.multiplier == 0.0F) return;
  read(text);
  const std::size_t limit = text.size() - after_break_;
  if (limit < options_.allowed_length) return;
  const std::size_t window = options_.window == 0 ? text.size() : options_.window;
  const auto recent = text.last(std::min(text.size(), window));
  for (const DryRepeat& repeat : find_repeats(recent, options_.allowed_length, limit)) {
    if (repeat.id >= logits.size() || breaks(repeat.id)) continue;
    const auto excess = static_cast<double>(repeat.length - options_.allowed_length);
    // Large enough that nothing worse is left to compare with, and finite.
    constexpr double kMost = 1e30;
    const double penalty = static_cast<double>(options_.multiplier) *
                           std::pow(static_cast<double>(options_.base), excess);
    logits[repeat.id] -= static_cast<float>(std::min(penalty, kMost));
  }
}

}  // namespace cellm
