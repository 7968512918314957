#include "constrain/states.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/limits.h"

namespace cellm {

using Kind = GrammarEdge::Kind;

Stacks::Stacks() : index_(64, Hash{this}, Equal{this}) {
  clear();
}

void Stacks::clear() {
  index_.clear();
  frames_.assign(1, Frame{});
  begins_ = {0, 1};
  index_.insert(0);
}

std::size_t Stacks::Hash::operator()(std::uint32_t stack) const {
  std::uint64_t hash = 0x9E3779B97F4A7C15U;
  for (const Frame& frame : stacks->frames(stack)) {
    for (const std::uint32_t word : {frame.back, frame.count, frame.parent}) {
      hash = (hash ^ word) * 0xBF58476D1CE4E5B9U;
      hash ^= hash >> 29;
    }
  }
  return hash;
}

bool Stacks::Equal::operator()(std::uint32_t a, std::uint32_t b) const {
  return std::ranges::equal(stacks->frames(a), stacks->frames(b));
}

std::uint32_t Stacks::intern(std::vector<Frame>& frames) {
  std::sort(frames.begin(), frames.end());
  frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
  const auto stack = static_cast<std::uint32_t>(size());
  frames_.insert(frames_.end(), frames.begin(), frames.end());
  begins_.push_back(static_cast<std::uint32_t>(frames_.size()));
  const auto [found, is_new] = index_.insert(stack);
  if (!is_new) {
    frames_.resize(begins_[stack]);
    begins_.pop_back();
  }
  return *found;
}

void Stepper::begin_count() {
  steps_ = 0;
  queue_.clear();
  seen_.clear();
  calls_.clear();
  state_ = {};
}

void Stepper::count(std::size_t steps) {
  steps_ += steps;
  if (steps_ > kMaxMaskSteps) {
    throw error(ErrorKind::kResources,
                "the grammar is too ambiguous: more than {} steps for one token", kMaxMaskSteps);
  }
}

State Stepper::start() {
  call(grammar_.root, Frame{});
  if (grammar_.rules[grammar_.root].nullable) state_.ends = true;
  return close();
}

State Stepper::step(std::span<const Item> items, std::uint8_t byte) {
  count(items.size() + 1);
  for (const Item& item : items) {
    for (const GrammarEdge& edge : grammar_.edges_of(item.node)) {
      if (edge.kind == Kind::kBytes && edge.low <= byte && byte <= edge.high) {
        visit(edge.target, item.stack);
      }
    }
  }
  return close();
}

State Stepper::resume(const Frame& frame, std::uint32_t parent) {
  come_back(frame, parent);
  return close();
}

void Stepper::compact(State& state) {
  // A stack is made after those below it, so its number is higher.
  std::vector<bool> used(stacks_.size());
  for (const Item& item : state.items) used[item.stack] = true;
  std::vector<std::vector<Frame>> kept(stacks_.size());
  for (std::size_t stack = stacks_.size(); stack-- > 1;) {
    if (!used[stack]) continue;
    const auto frames = stacks_.frames(static_cast<std::uint32_t>(stack));
    kept[stack].assign(frames.begin(), frames.end());
    for (const Frame& frame : frames) used[frame.parent] = true;
  }
  stacks_.clear();
  std::vector<std::uint32_t> renamed(kept.size());
  for (std::size_t stack = 1; stack < kept.size(); ++stack) {
    if (!used[stack]) continue;
    for (Frame& frame : kept[stack]) frame.parent = renamed[frame.parent];
    renamed[stack] = stacks_.intern(kept[stack]);
  }
  for (Item& item : state.items) item.stack = renamed[item.stack];
  std::sort(state.items.begin(), state.items.end());
}

void Stepper::visit(std::uint32_t node, std::uint32_t stack) {
  if (seen_.insert(std::uint64_t{node} << 32 | stack).second) queue_.push_back({node, stack});
}

// A call that nothing follows in its rule is as good as one by the callers of that rule: so right
// recursion does not grow the stack.
void Stepper::call(std::uint32_t rule, const Frame& frame) {
  auto& [which, frames] = calls_[grammar_.rules[rule].rank];
  which = rule;
  if (frame.back != Frame::kBottom && (frame.back & Frame::kRepeat) == 0 &&
      grammar_.nodes[frame.back].is_tail) {
    const auto waiting = stacks_.frames(frame.parent);
    frames.insert(frames.end(), waiting.begin(), waiting.end());
    count(waiting.size());
  } else {
    frames.push_back(frame);
  }
}

void Stepper::come_back(const Frame& frame, std::uint32_t parent) {
  if (frame.back == Frame::kBottom) {
    state_.ends = true;
  } else if ((frame.back & Frame::kRepeat) == 0) {
    visit(frame.back, parent);
  } else {
    const GrammarEdge& edge = grammar_.edges[frame.back & ~Frame::kRepeat];
    const GrammarRepeat& repeat = grammar_.repeats[edge.what];
    const std::uint32_t texts = frame.count + 1;
    if (texts >= repeat.min) visit(edge.target, parent);
    if (texts < repeat.max) call(repeat.rule, {frame.back, texts, parent});
  }
}

// The edges without bytes. Rules that have just been called do not end here: that they may be empty
// is seen by the caller.
void Stepper::follow(const Item& item, bool may_end) {
  const auto [node, stack] = item;
  const auto edges = grammar_.edges_of(node);
  bool has_bytes = false;
  for (const GrammarEdge& edge : edges) {
    if (edge.kind == Kind::kBytes) {
      has_bytes = true;
    } else if (edge.kind == Kind::kEmpty) {
      visit(edge.target, stack);
    } else if (edge.kind == Kind::kCall) {
      call(edge.what, {edge.target, 0, stack});
      if (grammar_.rules[edge.what].nullable) visit(edge.target, stack);
    } else {
      const GrammarRepeat& repeat = grammar_.repeats[edge.what];
      const auto index = static_cast<std::uint32_t>(&edge - grammar_.edges.data());
      call(repeat.rule, {Frame::kRepeat | index, 0, stack});
      if (repeat.min == 0) visit(edge.target, stack);
    }
  }
  count(edges.size() + 1);
  if (may_end && grammar_.nodes[node].is_end) {
    // By value: interning a stack moves them.
    const std::vector<Frame> frames(stacks_.frames(stack).begin(), stacks_.frames(stack).end());
    for (const Frame& frame : frames) come_back(frame, frame.parent);
    count(frames.size());
  }
  if (has_bytes) state_.items.push_back(item);
}

State Stepper::close() {
  const auto follow_all = [this](bool may_end) {
    while (!queue_.empty()) {
      const Item item = queue_.back();
      queue_.pop_back();
      follow(item, may_end);
    }
  };
  follow_all(true);
  // All that calls a rule here has a lower rank, so its set of frames is complete.
  while (!calls_.empty()) {
    auto [rule, frames] = std::move(calls_.begin()->second);
    calls_.erase(calls_.begin());
    visit(grammar_.rules[rule].start, stacks_.intern(frames));
    follow_all(false);
  }
  seen_.clear();
  if (state_.items.size() > kMaxGrammarItems) {
    throw error(ErrorKind::kResources, "the grammar is too ambiguous: a text is in {} places of it",
                state_.items.size());
  }
  std::sort(state_.items.begin(), state_.items.end());
  return std::exchange(state_, {});
}

}  // namespace cellm
