#include "schedule/prefix_cache.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace cellm {

PrefixCache::PrefixCache(const Engine& engine, const SequenceOptions& options, MemoryLedger& ledger,
                         std::unique_ptr<DiskCache> disk, std::uint64_t disk_bytes)
    : sizes_(engine.config(), options),
      ledger_(ledger),
      attention_only_(can_truncate(engine.config())),
      disk_(std::move(disk)),
      disk_limit_(disk_bytes) {
  if (disk_ != nullptr) find_files();
}

// A prompt needs the logits of its last token: it is left to read, or its hidden state is there.
bool PrefixCache::resumable(const Node& node, std::size_t prompt_tokens) const {
  return node.value && (node.end < prompt_tokens || !node.value.hidden.empty());
}

// A snapshot at or below a node, the one that was used last; it may be loaded.
PrefixCache::Node* PrefixCache::longest_below(Node& top) {
  Node* found = top.value ? &top : nullptr;
  Tree::visit_below(top, [&](Node& node) {
    if (node.value && (found == nullptr || node.used > found->used)) found = &node;
  });
  return found != nullptr && load(*found, tokens_of(*found)) ? found : nullptr;
}

PrefixCache::Found PrefixCache::find(std::span<const std::uint32_t> prompt) {
  const Tree::Match match = tree_.match(prompt);
  for (Node* node : match.passed) node->used = time_;
  Found found{.matched = match.tokens};
  for (auto one = match.passed.rbegin(); one != match.passed.rend() && !found.snapshot; ++one) {
    Node& node = **one;
    if (!resumable(node, prompt.size()) || !load(node, prompt.first(node.end))) continue;
    found.snapshot = node.value.snapshot;
    if (node.end == prompt.size()) found.hidden = node.value.hidden;
    ++node.value.hits;
  }
  const std::size_t most = std::min(match.tokens, prompt.size() - 1);
  if (attention_only_ && found.position() < most) {
    if (Node* longer = longest_below(*match.below)) {
      longer->used = time_;
      ++longer->value.hits;
      found.snapshot = truncated(*longer->value.snapshot, most);
    }
  }
  found.miss = miss(match, prompt.size(), found.position());
  return found;
}

std::string_view PrefixCache::miss(const Tree::Match& match, std::size_t prompt_tokens,
                                   std::size_t position) const {
  if (match.tokens < kMinSnapshotGain && position == 0) return kMissCold;
  const std::size_t most = std::min(match.tokens, prompt_tokens - 1);
  if (position + kMinSnapshotGain > most) {
    const bool goes_on = match.below->end > match.tokens || !match.below->children.empty();
    return goes_on && match.tokens < prompt_tokens ? kMissEdited : std::string_view();
  }
  const bool evicted = std::ranges::any_of(
      match.passed, [&](const Node* node) { return node->end > position && node->value.evicted; });
  return evicted ? kMissEvicted : kMissNoSnapshot;
}

bool PrefixCache::worthwhile(std::size_t from, std::size_t position) const {
  if (position <= from) return false;
  const std::size_t gain = position - from;
  return gain >= kMinSnapshotGain ||
         sizes_.own(position, sizes_.full_blocks_of(position)) <= gain * kSmallBytesPerToken;
}

std::vector<std::size_t> PrefixCache::stops(std::size_t prompt_tokens,
                                            std::span<const std::size_t> borders, std::size_t from,
                                            std::size_t matched) const {
  std::vector<std::size_t> all(borders.begin(), borders.end());
  all.push_back(matched / kPrefixUnit * kPrefixUnit);
  for (std::size_t at = kSnapshotInterval; at < prompt_tokens; at += kSnapshotInterval) {
    all.push_back(at);
  }
  std::ranges::sort(all);
  std::vector<std::size_t> stops;
  for (const std::size_t at : all) {
    if (at >= prompt_tokens || !worthwhile(stops.empty() ? from : stops.back(), at)) continue;
    stops.push_back(at);
  }
  stops.push_back(prompt_tokens);
  return stops;
}

void PrefixCache::remember(std::span<const std::uint32_t> sequence) {
  tree_.insert(sequence).used = time_;
  prune();
}

bool PrefixCache::keep(const Snapshot& snapshot, std::span<const float> hidden, Lease& lease) {
  Node& node = tree_.insert(snapshot.tokens());
  node.used = time_;
  prune();
  if (node.value.snapshot) {
    if (node.value.hidden.empty()) node.value.hidden.assign(hidden.begin(), hidden.end());
    return true;
  }
  const std::size_t before = snapshot_above(node);
  if (!worthwhile(before, node.end)) return false;
  const std::size_t full = sizes_.full_blocks_of(snapshot.position());
  const std::uint64_t bytes = sizes_.own(snapshot.position(), full);
  const double usefulness = static_cast<double>(node.end - before) / static_cast<double>(bytes);
  if (!make_room(bytes, usefulness)) return false;
  lease.share(snapshot.sequence(), full, true);
  Lease own(ledger_, bytes, MemoryUse::kSnapshot);
  own.share(snapshot.sequence(), full, false);
  put(node, snapshot, std::move(own));
  node.value.hidden.assign(hidden.begin(), hidden.end());
  return true;
}

void PrefixCache::put(Node& node, const Snapshot& snapshot, Lease lease) {
  node.value.lease = std::move(lease);
  node.value.snapshot = snapshot;
  node.value.evicted = false;
  kept_.push_back(&node);
}

bool PrefixCache::make_room(std::uint64_t bytes) {
  return make_room(bytes, std::numeric_limits<double>::infinity());
}

bool PrefixCache::make_room(std::uint64_t bytes, double less_useful_than) {
  while (!ledger_.fits(bytes)) {
    Node* node = least_useful(less_useful_than);
    if (node == nullptr) return false;
    evict(*node);
  }
  return true;
}

// The position of the latest snapshot above a node.
std::size_t PrefixCache::snapshot_above(const Node& node) {
  const Node* above = node.parent;
  while (above != nullptr && !above->value.snapshot) above = above->parent;
  return above == nullptr ? 0 : above->end;
}

// (tokens saved × recency) per byte.
double PrefixCache::score(const Node& node) const {
  const double saved = static_cast<double>(node.end - snapshot_above(node));
  const double recency = 1.0 / static_cast<double>(1 + time_ - node.used);
  return saved * recency / static_cast<double>(node.value.lease.exclusive_bytes());
}

PrefixCache::Node* PrefixCache::least_useful(double below) {
  Node* least = nullptr;
  for (Node* node : kept_) {
    const double found = score(*node);
    if (node->value.writing || found >= below) continue;
    least = node;
    below = found;
  }
  return least;
}

void PrefixCache::evict(Node& node) {
  node.value.snapshot.reset();
  node.value.hidden = {};
  node.value.lease = {};
  node.value.evicted = true;
  std::erase(kept_, &node);
  ++evictions_;
}

// Forgets sequences that were matched longest ago, while there are too many.
void PrefixCache::prune() {
  while (tree_.tokens() > kMaxTreeTokens || tree_.nodes() > kMaxTreeNodes) {
    Node* oldest = nullptr;
    tree_.visit([&](Node& node) {
      if (!node.children.empty() || node.value.writing) return;
      if (oldest == nullptr || node.used < oldest->used) oldest = &node;
    });
    if (oldest == nullptr || oldest->used == time_) return;
    if (oldest->value.snapshot) evict(*oldest);
    if (!oldest->value.file.empty()) forget_file(*oldest);
    tree_.remove(*oldest);
  }
}

}  // namespace cellm
