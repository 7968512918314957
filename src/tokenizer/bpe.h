// Byte pair encoding of one word.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/piece_index.h"
#include "tokenizer/spec.h"

namespace cellm {

// The merges as a hash table with open addressing. Immutable, so it may be shared between threads.
class MergeTable {
 public:
  struct Merge {
    std::uint32_t rank;
    std::uint32_t result;
  };

  // Throws Error(kData) for a pair that appears twice or whose concatenation is not a piece.
  MergeTable(const TokenizerSpec& spec, const PieceIndex& index, std::string_view source);

  // Null if the pair does not merge.
  const Merge* find(std::uint32_t left, std::uint32_t right) const {
    const std::uint64_t key = pair_key(left, right);
    for (std::size_t at = slot_of(key);; at = (at + 1) & mask_) {
      if (slots_[at].key == key) return &slots_[at].merge;
      if (slots_[at].key == kEmpty) return nullptr;
    }
  }

 private:
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};  // no real key: ids are far below 2^32
  struct Slot {
    std::uint64_t key = kEmpty;
    Merge merge{};
  };
  static std::uint64_t pair_key(std::uint32_t left, std::uint32_t right) {
    return std::uint64_t{left} << 32 | right;
  }
  std::size_t slot_of(std::uint64_t key) const {
    key ^= key >> 32;
    return (key * 0x9E3779B97F4A7C15) >> shift_;  // Fibonacci hashing: the upper bits are the best
  }

  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  int shift_ = 0;
};

// Workspace of apply_merges(), reused from word to word. Not for concurrent use.
struct MergeScratch {
  struct Symbol {
    std::uint32_t id;
    std::uint32_t previous;
    std::uint32_t next;
  };
  struct Candidate {
    std::uint64_t order;  // rank << 32 | position: the lowest rank first, then the leftmost
    std::uint32_t result;
  };
  std::vector<std::uint32_t> ids;  // the word: in and out
  std::vector<const MergeTable::Merge*> merges;
  std::vector<Symbol> symbols;
  std::vector<Candidate> heap;
};

// Merges the pair of lowest rank in scratch.ids, the leftmost of equals, until no pair merges. Time
// n log n for a word of n symbols; n must be below 2^32 - 1.
void apply_merges(const MergeTable& table, MergeScratch& scratch);

}  // namespace cellm
