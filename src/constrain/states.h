// Where a text may be in a grammar after each of its bytes.
//
// A state is a set of items: a node, and the calls that wait for its rule to end. These are kept
// as a graph (Tomita's graph-structured stack; the sets are those of Earley's parser), so that the
// items of a state are at most nodes × earlier bytes, however many ways a text can be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <unordered_set>
#include <vector>

#include "constrain/grammar.h"

namespace cellm {

// A call that waits for its rule to end.
struct Frame {
  static constexpr std::uint32_t kBottom = ~std::uint32_t{0};  // of the stack: nothing waits
  static constexpr std::uint32_t kRepeat = std::uint32_t{1} << 31;

  std::uint32_t back = kBottom;  // the node behind the call, or kRepeat plus a repeating edge
  std::uint32_t count = 0;       // of a repeating edge: texts before this one
  std::uint32_t parent = 0;      // what waits for the caller's rule

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy takes the comparison with 0 for a pointer
  auto operator<=>(const Frame&) const = default;
};

// Sets of frames; equal sets have one number. Stack 0 holds the bottom alone.
class Stacks {
 public:
  Stacks();
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;

  std::uint32_t intern(std::vector<Frame>& frames);  // sorts them
  std::span<const Frame> frames(std::uint32_t stack) const {
    return std::span(frames_).subspan(begins_[stack], begins_[stack + 1] - begins_[stack]);
  }
  std::size_t size() const { return begins_.size() - 1; }
  std::size_t bytes() const { return frames_.size() * sizeof(Frame) + size() * 48; }
  void clear();

 private:
  struct Hash {
    const Stacks* stacks;
    std::size_t operator()(std::uint32_t stack) const;
  };
  struct Equal {
    const Stacks* stacks;
    bool operator()(std::uint32_t a, std::uint32_t b) const;
  };

  std::vector<Frame> frames_;
  std::vector<std::uint32_t> begins_;
  std::unordered_set<std::uint32_t, Hash, Equal> index_;
};

struct Item {
  std::uint32_t node;  // with edges of bytes
  std::uint32_t stack;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy takes the comparison with 0 for a pointer
  auto operator<=>(const Item&) const = default;
};

struct State {
  std::vector<Item> items;  // sorted
  bool ends = false;        // the text may end here: the bottom of a stack is reached
  bool operator==(const State&) const = default;
};

// Computes states. Not thread-safe. Counts its steps, and throws Error(kResources) when there are
// too many of them or of items. The grammar must outlive it.
class Stepper {
 public:
  explicit Stepper(const Grammar& grammar) : grammar_(grammar) {}

  // Before the first byte of a text of the root.
  State start();
  // After `byte` in a state of `items`. Neither items nor an end: no text goes on with it.
  State step(std::span<const Item> items, std::uint8_t byte);
  // When the rule that a frame waits for has ended. `parent` takes the place of its parent.
  State resume(const Frame& frame, std::uint32_t parent);

  Stacks& stacks() { return stacks_; }
  const Stacks& stacks() const { return stacks_; }
  void begin_count();  // and forgets what an exception has left
  void count(std::size_t steps);
  // Removes all stacks but those below `state`, which get new numbers.
  void compact(State& state);

 private:
  void visit(std::uint32_t node, std::uint32_t stack);
  void call(std::uint32_t rule, const Frame& frame);
  void come_back(const Frame& frame, std::uint32_t parent);
  void follow(const Item& item, bool may_end);
  State close();

  const Grammar& grammar_;
  Stacks stacks_;
  std::size_t steps_ = 0;
  // Of the state that is being computed.
  std::vector<Item> queue_;
  std::unordered_set<std::uint64_t> seen_;
  std::map<std::uint32_t, std::pair<std::uint32_t, std::vector<Frame>>> calls_;  // by rank
  State state_;
};

}  // namespace cellm
