// The files of a PrefixCache.
#include <algorithm>
#include <utility>

#include "schedule/prefix_cache.h"

namespace cellm {

std::vector<std::uint32_t> PrefixCache::tokens_of(const Node& node) {
  std::vector<std::uint32_t> tokens(node.end);
  for (const Node* at = &node; at->parent != nullptr; at = at->parent) {
    std::ranges::copy(at->edge, tokens.begin() + static_cast<std::ptrdiff_t>(at->parent->end));
  }
  return tokens;
}

void PrefixCache::find_files() {
  for (const DiskCache::Stored& stored : disk_->list()) {
    if (tree_.tokens() + stored.tokens.size() > kMaxTreeTokens) break;
    Node& node = tree_.insert(stored.tokens);
    node.used = ++time_;
    node.value.file = stored.path;
    node.value.file_bytes = stored.bytes;
    files_.push_back(&node);
    disk_used_ += stored.bytes;
  }
  trim_disk();
}

// Has the snapshot in memory, from its file if need be; false if it cannot.
bool PrefixCache::load(Node& node, std::span<const std::uint32_t> tokens) {
  if (node.value.snapshot) return true;
  const std::uint64_t bytes = sizes_.own(node.end, 0);
  if (!ledger_.could_fit(bytes) || !make_room(bytes)) return false;
  Lease lease(ledger_, bytes, MemoryUse::kSnapshot);
  const std::optional<Snapshot> snapshot = disk_->load(node.value.file, tokens);
  if (!snapshot) {
    forget_file(node);
    return false;
  }
  lease.share(snapshot->sequence(), sizes_.full_blocks_of(node.end), true);
  put(node, *snapshot, std::move(lease));
  return true;
}

// The node stays.
void PrefixCache::forget_file(Node& node) {
  disk_->remove(node.value.file);
  disk_used_ -= node.value.file_bytes;
  node.value.file.clear();
  node.value.file_bytes = 0;
  std::erase(files_, &node);
}

// Removes the files that were used longest ago, while there are too many bytes.
void PrefixCache::trim_disk() {
  while (disk_used_ > disk_limit_) {
    forget_file(**std::ranges::min_element(files_, {}, &Node::used));
  }
}

// Whether a snapshot or a file continues what the node has.
bool PrefixCache::has_longer(Node& node) {
  bool found = false;
  Tree::visit_below(node, [&](const Node& below) { found = found || below.value; });
  return found;
}

// Prefixes that were reused or that no other continues come first, the most useful before others.
std::pair<bool, double> PrefixCache::urgency(Node& node) {
  return {node.value.hits != 0 || !has_longer(node), score(node)};
}

// A file takes the place of files that were used before it only.
bool PrefixCache::fits_on_disk(const Node& node) const {
  std::uint64_t room = disk_limit_ - disk_used_;
  for (const Node* other : files_) room += other->used < node.used ? other->value.file_bytes : 0;
  return sizes_.own(node.end, 0) <= room;
}

bool PrefixCache::write_one(bool all) {
  take_written(false);
  if (disk_ == nullptr || disk_->busy()) return false;
  Node* best = nullptr;
  for (Node* node : kept_) {
    const Kept& kept = node->value;
    if (!kept.file.empty() || kept.unwritable || (kept.hits == 0 && !all)) continue;
    if (!fits_on_disk(*node)) continue;
    if (best == nullptr || urgency(*node) > urgency(*best)) best = node;
  }
  if (best == nullptr) return false;
  best->value.writing = true;
  disk_->begin_write(*best->value.snapshot);
  return true;
}

void PrefixCache::take_written(bool wait) {
  if (disk_ == nullptr) return;
  const auto stored = disk_->take_written(wait);
  if (!stored) return;
  Node& node = tree_.insert(stored->tokens);
  node.value.writing = false;
  if (stored->bytes == 0 || stored->bytes > disk_limit_) {
    node.value.unwritable = true;
    disk_->remove(stored->path);
    return;
  }
  node.value.file = stored->path;
  node.value.file_bytes = stored->bytes;
  files_.push_back(&node);
  disk_used_ += stored->bytes;
  trim_disk();
}

void PrefixCache::flush() {
  do {
    take_written(true);
  } while (write_one(true));
}

}  // namespace cellm
