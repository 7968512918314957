// The memory of sequences and snapshots, counted before it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/batch.h"

namespace cellm {

// Sizes of the states of a model in one encoding. "Block" means one block of each attention layer:
// these are allocated, shared and freed together.
struct StateSizes {
  StateSizes(const ModelConfig& config, const SequenceOptions& options);

  std::uint64_t blocks(std::size_t count) const { return count * block_bytes; }
  // Everything that a sequence of so many tokens has by itself beside full blocks that it shares:
  // its recurrent states, its other blocks, its ids. shared: full blocks, in front.
  std::uint64_t own(std::size_t tokens, std::size_t shared) const;
  std::size_t blocks_of(std::size_t tokens) const {  // the last may not be full
    return (tokens + tokens_per_block - 1) / tokens_per_block;
  }
  std::size_t full_blocks_of(std::size_t tokens) const { return tokens / tokens_per_block; }

  std::size_t tokens_per_block;
  std::uint64_t block_bytes;      // with the overhead of allocation
  std::uint64_t recurrent_bytes;  // of all delta nets
};

// The use of memory: that of snapshots is freed by dropping them.
enum class MemoryUse { kSequence, kSnapshot };

// The budget, and which blocks are shared. A block counts once, however many hold it. Not
// thread-safe.
class MemoryLedger {
 public:
  MemoryLedger(std::uint64_t limit, std::uint64_t block_bytes)
      : limit_(limit), block_bytes_(block_bytes) {}

  std::uint64_t limit() const { return limit_; }
  std::uint64_t used() const { return used_; }
  std::uint64_t block_bytes() const { return block_bytes_; }
  bool fits(std::uint64_t bytes) const { return bytes <= limit_ - used_; }
  // Whether it fits once there are no snapshots.
  bool could_fit(std::uint64_t bytes) const { return bytes <= limit_ - used_by_sequences_; }

 private:
  friend class Lease;
  struct Holders {
    std::size_t all = 0;
    std::size_t sequences = 0;
  };
  void take(std::uint64_t bytes, MemoryUse use);
  void give(std::uint64_t bytes, MemoryUse use);
  void hold(const std::byte* block, MemoryUse use);
  void release(const std::byte* block, MemoryUse use);

  std::uint64_t limit_;
  std::uint64_t block_bytes_;
  std::uint64_t used_ = 0;
  std::uint64_t used_by_sequences_ = 0;
  std::unordered_map<const std::byte*, Holders> holders_;  // of each shared block
};

// Memory of the ledger that one sequence or snapshot has. Given back when it is destroyed, which is
// to happen after the memory itself is freed.
class Lease {
 public:
  Lease() = default;
  // Must fit (MemoryLedger::fits()).
  Lease(MemoryLedger& ledger, std::uint64_t bytes, MemoryUse use);
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();

  // Takes so many bytes more, which must fit.
  void add(std::uint64_t bytes);
  // The bytes that become free with it: those of its own, and blocks that nobody else holds.
  std::uint64_t exclusive_bytes() const;

  // Shares the first `count` blocks of the sequence, which are full, as far as it does not yet.
  // `own`: they were among its own bytes until now.
  void share(const Sequence& sequence, std::size_t count, bool own);

 private:
  void give_back();

  MemoryLedger* ledger_ = nullptr;
  std::uint64_t bytes_ = 0;  // of its own
  MemoryUse use_ = MemoryUse::kSequence;
  std::vector<const std::byte*> blocks_;
};

}  // namespace cellm
