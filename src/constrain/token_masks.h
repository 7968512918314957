// The tokens that may come next.
//
// A token is allowed if its bytes lead on from one of the items of a state. Most tokens are decided
// inside the item's own rule, whatever waits for that rule: their set is kept for each node. Where
// the rule ends within a token, the rest of the token is looked at for what waits at present (as
// XGrammar does, Dong et al. 2024, arXiv:2411.15100). Sets are found by walking the trie of the
// tokens with states that are made deterministic as they are met (as llguidance does).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "constrain/states.h"
#include "tokenizer/token_trie.h"

namespace cellm {

// The states of a grammar with numbers, and their transitions, each computed once. The stacks of
// these states end at the rule that the walk began in.
class StateTable {
 public:
  static constexpr std::uint32_t kDead = 0;  // no text goes on

  explicit StateTable(const Grammar& grammar);

  std::uint32_t intern(const State& state);
  // When the rule that a frame waits for has ended.
  std::uint32_t resumed(const Frame& frame);
  std::uint32_t next(std::uint32_t state, std::uint8_t byte) {
    const std::uint32_t target = next_[state * classes_ + grammar_.byte_class[byte]];
    return target != kUnknown ? target : compute(state, byte);
  }
  bool ends(std::uint32_t state) const { return states_[state].ends; }
  bool goes_on(std::uint32_t state) const { return states_[state].count != 0; }

  Stepper& stepper() { return stepper_; }
  // To be called before a walk: keeps the table below kMaxMaskStateBytes. Numbers from before are
  // void. Within a walk, twice as much is Error(kResources).
  void begin_walk();

 private:
  static constexpr std::uint32_t kUnknown = ~std::uint32_t{0};
  struct Entry {
    std::uint32_t first;  // item
    std::uint32_t count;
    bool ends;
  };
  struct Hash {
    const StateTable* table;
    std::size_t operator()(std::uint32_t state) const;
  };
  struct Equal {
    const StateTable* table;
    bool operator()(std::uint32_t a, std::uint32_t b) const;
  };
  std::span<const Item> items(std::uint32_t state) const {
    return std::span(items_).subspan(states_[state].first, states_[state].count);
  }
  std::uint32_t compute(std::uint32_t state, std::uint8_t byte);
  std::size_t bytes() const;
  void clear();

  const Grammar& grammar_;
  Stepper stepper_;
  std::size_t classes_;
  std::vector<Entry> states_;
  std::vector<Item> items_;
  std::vector<std::uint32_t> next_;  // (states, classes)
  std::unordered_set<std::uint32_t, Hash, Equal> index_;
  std::unordered_map<std::uint64_t, std::uint32_t> resumed_;  // by back and count
};

// A set of tokens, as bits or as a list, whichever is smaller.
class TokenSet {
 public:
  explicit TokenSet(std::span<const std::uint64_t> bits);
  void add_to(std::span<std::uint64_t> bits) const;
  std::size_t bytes() const { return bits_.size() * 8 + ids_.size() * 4; }

 private:
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint32_t> ids_;
};

// The sets of a grammar and a vocabulary. Thread-safe. The grammar must outlive it.
class TokenMasks {
 public:
  TokenMasks(const Grammar& grammar, std::shared_ptr<const TokenTrie> trie);

  // Sets the bits of the tokens that lead on from a state; others keep theirs. bits: one for each
  // id of the vocabulary. Throws Error(kResources) if that takes more than kMaxMaskSteps.
  void allow(std::span<const Item> items, const Stacks& stacks, std::span<std::uint64_t> bits);

  const std::shared_ptr<const TokenTrie>& trie() const { return trie_; }

 private:
  // A node, then the frames above it that belong to the key: back and count of each.
  using Key = std::vector<std::uint32_t>;
  struct Entry {
    TokenSet tokens;
    std::vector<std::uint32_t> ends;  // nodes of the trie at which the text of the frames ends
  };

  const Entry& entry(const Key& key);
  void follow(const Key& key, std::span<const std::uint32_t> ends, std::uint32_t stack,
              const Stacks& stacks, std::span<std::uint64_t> bits);
  void walk(std::uint32_t state, std::uint32_t node, std::span<std::uint64_t> bits,
            std::vector<std::uint32_t>& ends);
  std::uint32_t canonical(std::uint32_t back, std::uint32_t count) const;

  const Grammar& grammar_;
  const std::shared_ptr<const TokenTrie> trie_;
  std::mutex mutex_;
  StateTable table_;
  std::map<Key, Entry> entries_;
  std::size_t entry_bytes_ = 0;
  std::vector<std::uint32_t> path_;  // states at each depth
};

}  // namespace cellm
