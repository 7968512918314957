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

// The budget, and which blocks are shared. A block counts once, however many hold it. Not
// thread-safe.
class MemoryLedger {
 public:
  MemoryLedger(std::uint64_t limit, std::uint64_t block_bytes)
      : limit_(limit), block_bytes_(block_bytes) {}

  std::uint64_t limit() const { return limit_; }
  std::uint64_t used() const { return used_; }
  bool fits(std::uint64_t bytes) const { return bytes <= limit_ - used_; }

 private:
  friend class Lease;
  void take(std::uint64_t bytes);
  void give(std::uint64_t bytes);

  std::uint64_t limit_;
  std::uint64_t block_bytes_;
  std::uint64_t used_ = 0;
  std::unordered_map<const std::byte*, std::size_t> holders_;  // of each shared block
};

// Memory of the ledger that one sequence or snapshot has. Given back when it is destroyed, which is
// to happen after the memory itself is freed.
class Lease {
 public:
  Lease() = default;
  // Must fit (MemoryLedger::fits()).
  Lease(MemoryLedger& ledger, std::uint64_t bytes);
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();

  // Bytes of its own, and full blocks that it shares.
  std::uint64_t bytes() const { return bytes_; }
  std::size_t shared_blocks() const { return blocks_.size(); }
  // The blocks that nobody else holds.
  std::size_t unshared_blocks() const;

  // Shares the first `count` blocks of the sequence, from shared_blocks() on. `own`: they were
  // among its own bytes until now.
  void share(const Sequence& sequence, std::size_t count, bool own);

 private:
  void give_back();

  MemoryLedger* ledger_ = nullptr;
  std::uint64_t bytes_ = 0;
  std::vector<const std::byte*> blocks_;
};

}  // namespace cellm
