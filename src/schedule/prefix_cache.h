// Prefixes of prompts and answers that need not be read again.
//
// A radix tree of all sequences that were read lately. At some of its nodes there are snapshots,
// from which a sequence continues. Snapshots of one lineage share their full KV blocks, so that the
// price of another one in a sequence is that of its recurrent states and one block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/batch.h"
#include "schedule/disk_cache.h"
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
  // `disk`, where snapshots survive, may be null; its files may have `disk_bytes` in all. What is
  // there is found again.
  PrefixCache(const Engine& engine, const SequenceOptions& options, MemoryLedger& ledger,
              std::unique_ptr<DiskCache> disk = nullptr, std::uint64_t disk_bytes = 0);

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

  // Begins to write the most useful snapshot that is on disk not yet: of those that were reused or,
  // if `all`, of any that fit there. False if there is none, or one is being written.
  bool write_one(bool all);
  // Takes note of what was written. wait: for what is being written.
  void take_written(bool wait);
  // Writes everything that write_one() would.
  void flush();

  std::size_t snapshots() const { return kept_.size(); }
  std::uint64_t disk_bytes() const { return disk_used_; }
  std::uint64_t evictions() const { return evictions_; }

 private:
  // The content of a node.
  struct Kept {
    Lease lease = {};  // outlives the snapshot
    std::optional<Snapshot> snapshot = {};
    std::vector<float> hidden = {};
    bool evicted = false;  // there was a snapshot
    std::size_t hits = 0;  // prompts that continued from it
    bool writing = false;  // its memory is not to be given up
    bool unwritable = false;
    std::filesystem::path file = {};
    std::uint64_t file_bytes = 0;

    explicit operator bool() const { return snapshot || !file.empty(); }
  };
  using Tree = PrefixTree<Kept>;
  using Node = Tree::Node;

  void find_files();
  bool load(Node& node, std::span<const std::uint32_t> tokens);
  void put(Node& node, const Snapshot& snapshot, Lease lease);
  void forget_file(Node& node);
  void trim_disk();
  bool has_longer(Node& node);
  std::pair<bool, double> urgency(Node& node);
  bool fits_on_disk(const Node& node) const;
  bool resumable(const Node& node, std::size_t prompt_tokens) const;
  Node* longest_below(Node& top);
  static std::vector<std::uint32_t> tokens_of(const Node& node);
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
  std::unique_ptr<DiskCache> disk_;
  std::uint64_t disk_limit_;
  std::uint64_t disk_used_ = 0;
  Tree tree_;
  std::uint64_t time_ = 0;    // counts prompts
  std::vector<Node*> kept_;   // nodes with a snapshot
  std::vector<Node*> files_;  // nodes with a file
  std::uint64_t evictions_ = 0;
};

}  // namespace cellm
