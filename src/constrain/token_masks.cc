#include "constrain/token_masks.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"
#include "base/limits.h"

namespace cellm {
namespace {

// Above so many ends in tokens, what waits becomes part of the key, so that the rests of the tokens
// are looked at once. Keys with more frames are not made.
constexpr std::size_t kManyEnds = 256;
constexpr std::size_t kMaxKey = 1 + 2 * 6;

void set_bit(std::span<std::uint64_t> bits, std::uint32_t id) {
  bits[id / 64] |= std::uint64_t{1} << id % 64;
}

}  // namespace

StateTable::StateTable(const Grammar& grammar)
    : grammar_(grammar),
      stepper_(grammar),
      classes_(grammar.class_bytes.size()),
      index_(64, Hash{this}, Equal{this}) {
  clear();
}

void StateTable::clear() {
  stepper_.stacks().clear();
  index_.clear();
  resumed_.clear();
  states_.clear();
  items_.clear();
  next_.clear();
  intern({});  // kDead
}

std::size_t StateTable::Hash::operator()(std::uint32_t state) const {
  std::uint64_t hash = table->states_[state].ends ? 1 : 2;
  for (const Item& item : table->items(state)) {
    hash = (hash ^ (std::uint64_t{item.node} << 32 | item.stack)) * 0xBF58476D1CE4E5B9U;
    hash ^= hash >> 29;
  }
  return hash;
}

bool StateTable::Equal::operator()(std::uint32_t a, std::uint32_t b) const {
  return table->states_[a].ends == table->states_[b].ends &&
         std::ranges::equal(table->items(a), table->items(b));
}

std::size_t StateTable::bytes() const {
  return next_.size() * 4 + items_.size() * sizeof(Item) + states_.size() * 64 +
         stepper_.stacks().bytes();
}

void StateTable::begin_walk() {
  stepper_.begin_count();
  if (bytes() > kMaxMaskStateBytes) clear();
}

std::uint32_t StateTable::intern(const State& state) {
  if (bytes() > 2 * kMaxMaskStateBytes) {
    throw error(ErrorKind::kResources,
                "the grammar is too ambiguous: its states take more than {} MiB",
                2 * kMaxMaskStateBytes >> 20);
  }
  const auto number = static_cast<std::uint32_t>(states_.size());
  states_.push_back({static_cast<std::uint32_t>(items_.size()),
                     static_cast<std::uint32_t>(state.items.size()), state.ends});
  items_.insert(items_.end(), state.items.begin(), state.items.end());
  const auto [found, is_new] = index_.insert(number);
  if (!is_new) {
    items_.resize(states_.back().first);
    states_.pop_back();
  } else {
    next_.resize(states_.size() * classes_, kUnknown);
  }
  return *found;
}

std::uint32_t StateTable::compute(std::uint32_t state, std::uint8_t byte) {
  // By value: interning moves the items.
  const std::vector<Item> from(items(state).begin(), items(state).end());
  const std::uint32_t target = intern(stepper_.step(from, byte));
  next_[state * classes_ + grammar_.byte_class[byte]] = target;
  return target;
}

std::uint32_t StateTable::resumed(const Frame& frame) {
  const std::uint64_t key = std::uint64_t{frame.back} << 32 | frame.count;
  const auto found = resumed_.find(key);
  if (found != resumed_.end()) return found->second;
  const std::uint32_t state = intern(stepper_.resume(frame, 0));
  resumed_.emplace(key, state);
  return state;
}

TokenSet::TokenSet(std::span<const std::uint64_t> bits) {
  std::size_t tokens = 0;
  for (const std::uint64_t word : bits) tokens += static_cast<std::size_t>(std::popcount(word));
  if (tokens > 2 * bits.size()) {
    bits_.assign(bits.begin(), bits.end());
    return;
  }
  ids_.reserve(tokens);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    for (std::uint64_t word = bits[i]; word != 0; word &= word - 1) {
      ids_.push_back(static_cast<std::uint32_t>(64 * i) +
                     static_cast<std::uint32_t>(std::countr_zero(word)));
    }
  }
}

void TokenSet::add_to(std::span<std::uint64_t> bits) const {
  for (std::size_t i = 0; i < bits_.size(); ++i) bits[i] |= bits_[i];
  for (const std::uint32_t id : ids_) set_bit(bits, id);
}

TokenMasks::TokenMasks(const Grammar& grammar, std::shared_ptr<const TokenTrie> trie)
    : grammar_(grammar), trie_(std::move(trie)), table_(grammar), path_(trie_->longest() + 1) {}

void TokenMasks::allow(std::span<const Item> items, const Stacks& stacks,
                       std::span<std::uint64_t> bits) {
  const std::lock_guard lock(mutex_);
  table_.begin_walk();
  if (entry_bytes_ > kMaxMaskBytes) {
    entries_.clear();
    entry_bytes_ = 0;
  }
  for (const Item& item : items) {
    const Key key{item.node};
    const Entry& found = entry(key);
    found.tokens.add_to(bits);
    follow(key, found.ends, item.stack, stacks, bits);
  }
}

// The tokens that lead on from the key's node while nothing waits but the key's frames.
const TokenMasks::Entry& TokenMasks::entry(const Key& key) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) return found->second;
  std::uint32_t stack = 0;
  for (std::size_t i = key.size(); i > 1; i -= 2) {
    std::vector<Frame> frames{{key[i - 2], key[i - 1], stack}};
    stack = table_.stepper().stacks().intern(frames);
  }
  std::vector<std::uint64_t> bits((trie_->vocab_size() + 63) / 64);
  std::vector<std::uint32_t> ends;
  walk(table_.intern({{{key[0], stack}}, false}), 0, bits, ends);
  const Entry& added = entries_.emplace(key, Entry{TokenSet(bits), std::move(ends)}).first->second;
  entry_bytes_ += added.tokens.bytes() + 4 * added.ends.size() + 256;
  return added;
}

// A count that allows the same texts of at most the longest token's length. Each text of a
// repetition has at least one byte.
std::uint32_t TokenMasks::canonical(std::uint32_t back, std::uint32_t count) const {
  if ((back & Frame::kRepeat) == 0) return count;
  const GrammarRepeat& repeat = grammar_.repeats[grammar_.edges[back & ~Frame::kRepeat].what];
  const std::size_t longest = trie_->longest() + 1;
  if (count + longest < repeat.min) return 0;
  if (count >= repeat.min && count + longest < repeat.max) return repeat.min;
  return count;
}

// The rests of tokens, behind the nodes at which the text of the key ends, for what waits in the
// frames of `stack`.
void TokenMasks::follow(const Key& key, std::span<const std::uint32_t> ends, std::uint32_t stack,
                        const Stacks& stacks, std::span<std::uint64_t> bits) {
  if (ends.empty()) return;
  for (const Frame& frame : stacks.frames(stack)) {
    if (frame.back == Frame::kBottom) continue;
    table_.stepper().count(1);
    if (ends.size() > kManyEnds && !key.empty() && key.size() < kMaxKey) {
      Key longer = key;
      longer.insert(longer.end(), {frame.back, canonical(frame.back, frame.count)});
      const Entry& found = entry(longer);
      found.tokens.add_to(bits);
      follow(longer, found.ends, frame.parent, stacks, bits);
      continue;
    }
    const std::uint32_t state = table_.resumed(frame);
    std::vector<std::uint32_t> later;
    for (const std::uint32_t node : ends) {
      if (table_.ends(state)) later.push_back(node);
      if (table_.goes_on(state)) walk(state, node, bits, later);
    }
    follow({}, later, frame.parent, stacks, bits);
  }
}

// Sets the bits of the tokens below `node` of the trie that lead on from a state, and appends the
// nodes at which the bottom of its stack is reached.
void TokenMasks::walk(std::uint32_t state, std::uint32_t node, std::span<std::uint64_t> bits,
                      std::vector<std::uint32_t>& ends) {
  const TokenTrie& trie = *trie_;
  const std::size_t base = trie[node].depth;
  const std::size_t end = node + std::size_t{trie[node].size};
  path_[0] = state;
  std::size_t steps = 1;
  for (std::size_t i = node + std::size_t{1}; i < end; ++steps) {
    const TokenTrie::Node& here = trie[i];
    const std::size_t depth = here.depth - base;
    const std::uint32_t next = table_.next(path_[depth - 1], here.byte);
    if (next == StateTable::kDead) {
      i += here.size;
      continue;
    }
    path_[depth] = next;
    for (const std::uint32_t id : trie.tokens(i)) set_bit(bits, id);
    if (table_.ends(next)) ends.push_back(static_cast<std::uint32_t>(i));
    i += table_.goes_on(next) ? 1 : here.size;
  }
  table_.stepper().count(steps);
}

}  // namespace cellm
