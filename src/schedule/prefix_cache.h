// Prefixes of prompts and answers that need not be read again.
//
// A radix tree of all sequences that were read lately. At some of its nodes there are snapshots,
// from which a sequence continues. Snapshots of one lineage share their full KV blocks, so that the
// price of another one in a sequence is that of its recurrent states and one block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/batch.h"
#include "schedule/memory.h"
#include "schedule/prefix_tree.h"

namespace cellm {

// Where two sequences part is rounded down to this for a snapshot, so that it serves others that
// part a few tokens earlier. Chunks of the delta rule have as many tokens.
inline constexpr std::size_t kPrefixUnit = 32;
// The distance of snapshots in a long prompt.
inline constexpr std::size_t kSnapshotInterval = 1024;
// A snapshot so many tokens behind another is worth its memory. A nearer one is if it is small.
inline constexpr std::size_t kMinSnapshotGain = 64;
inline constexpr std::uint64_t kSmallBytesPerToken = std::uint64_t{64} << 10;
// Tokens on the edges of the tree; four bytes each, in addition to the budget.
inline constexpr std::size_t kMaxTreeTokens = std::size_t{4} << 20;
inline constexpr std::size_t kMaxTreeNodes = 1 << 16;

// Why a prompt, or a part of it, is read: names for the log and metrics.
inline constexpr std::string_view kMissCold = "cold";                 // it begins as none before
inline constexpr std::string_view kMissEdited = "edited";             // it parts from one before
inline constexpr std::string_view kMissNoSnapshot = "no_snapshot";    // none was where they part
inline constexpr std::string_view kMissEvicted = "evicted";           // it was given up for others
inline constexpr std::string_view kMissLogprobs = "prompt_logprobs";  // logits of it were asked for
inline constexpr std::string_view kMissOff = "off";                   // no cache was asked for

// Not thread-safe. The engine and the ledger must outlive it.
class PrefixCache {
 public:
  PrefixCache(const Engine& engine, const SequenceOptions& options, MemoryLedger& ledger);

  struct Found {
    std::optional<Snapshot> snapshot = {};  // none: position 0
    // Of the last token, if the snapshot is at the end of the prompt.
    std::vector<float> hidden = {};
    std::size_t matched = 0;     // tokens of the prompt that were read before
    std::string_view miss = {};  // empty: all that could be known is
    std::size_t position() const { return snapshot ? snapshot->position() : 0; }
  };
  // The longest part of the prompt that need not be read.
  Found find(std::span<const std::uint32_t> prompt);
  // A prompt begins; what was found before is less recent from now on.
  void tick() { ++time_; }

  // Positions behind `from` at which a prompt deserves a snapshot, ascending; the end is one.
  // matched: Found::matched.
  std::vector<std::size_t> stops(std::size_t prompt_tokens, std::span<const std::size_t> borders,
                                 std::size_t from, std::size_t matched) const;
  // Whether a snapshot is worth its memory at `position`, the latest one before it being at `from`.
  bool worthwhile(std::size_t from, std::size_t position) const;

  // Keeps a snapshot of a running sequence that has `lease`, if there is memory for it, which may
  // be that of less useful snapshots. hidden: of its last token, or empty.
  bool keep(const Snapshot& snapshot, std::span<const float> hidden, Lease& lease);
  // Remembers a sequence without a snapshot.
  void remember(std::span<const std::uint32_t> sequence);

  // Gives up snapshots until so much memory is free; false if it does not become free.
  bool make_room(std::uint64_t bytes);

  std::size_t snapshots() const { return kept_.size(); }
  std::uint64_t evictions() const { return evictions_; }

 private:
  // What is at a node.
  struct Kept {
    Lease lease = {};  // outlives the snapshot
    std::optional<Snapshot> snapshot = {};
    std::vector<float> hidden = {};
    bool evicted = false;  // there was a snapshot

    explicit operator bool() const { return snapshot.has_value(); }
  };
  using Tree = PrefixTree<Kept>;
  using Node = Tree::Node;

  bool resumable(const Node& node, std::size_t prompt_tokens) const;
  Node* longest_below(Node& top);
  std::string_view miss(const Tree::Match& match, std::size_t prompt_tokens,
                        std::size_t position) const;
  static std::size_t snapshot_above(const Node& node);
  double score(const Node& node) const;
  bool make_room(std::uint64_t bytes, double less_useful_than);
  Node* least_useful(double below);
  void evict(Node& node);
  void prune();

  StateSizes sizes_;
  MemoryLedger& ledger_;
  bool attention_only_;
  Tree tree_;
  std::uint64_t time_ = 0;   // counts prompts
  std::vector<Node*> kept_;  // nodes with a snapshot
  std::uint64_t evictions_ = 0;
};

}  // namespace cellm
