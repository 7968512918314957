#include "engine/prompt_lookup.h"

#include <algorithm>

namespace cellm {
namespace {

// Of the kShortestMatch tokens in front of a position. Two spans with one hash cost a comparison.
std::uint64_t hash_before(std::span<const std::uint32_t> text, std::size_t position) {
  std::uint64_t hash = 0;
  for (std::size_t i = position - PromptLookup::kShortestMatch; i < position; ++i) {
    hash = (hash ^ text[i]) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

// All positions but the end of the text, which would match itself.
void PromptLookup::read(std::span<const std::uint32_t> text) {
  previous_.reserve(text.size());
  for (std::size_t at = previous_.size(); at < text.size(); ++at) {
    previous_.push_back(0);
    if (at < kShortestMatch) continue;
    std::uint32_t& latest = latest_[hash_before(text, at)];
    previous_.back() = latest;
    latest = static_cast<std::uint32_t>(at);
  }
}

PromptLookup::Match PromptLookup::longest_match(std::span<const std::uint32_t> text) const {
  Match best;
  const auto found = latest_.find(hash_before(text, text.size()));
  if (found == latest_.end()) return best;
  std::size_t at = found->second;
  for (std::size_t place = 0; at != 0 && place < kPlaces; ++place, at = previous_[at]) {
    const std::size_t most = std::min(at, kLongestMatch);
    std::size_t tokens = 0;
    while (tokens < most && text[at - 1 - tokens] == text[text.size() - 1 - tokens]) ++tokens;
    if (tokens > best.tokens) best = {at, tokens};
    if (tokens == kLongestMatch) break;
  }
  return best;
}

std::span<const std::uint32_t> PromptLookup::draft(std::span<const std::uint32_t> text,
                                                   std::size_t most) {
  read(text);
  draft_.clear();
  if (text.size() <= kShortestMatch) return draft_;
  const Match match = longest_match(text);
  if (match.tokens < kShortestMatch) return draft_;
  const std::size_t period = text.size() - match.end;  // with which a longer draft repeats itself
  for (std::size_t i = 0; i < std::min(most, match.tokens); ++i) {
    draft_.push_back(i < period ? text[match.end + i] : draft_[i - period]);
  }
  return draft_;
}

}  // namespace cellm
