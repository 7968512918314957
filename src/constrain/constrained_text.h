// A text that grows under a constraint.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "constrain/constraint.h"
#include "constrain/states.h"
#include "tokenizer/token_trie.h"

namespace cellm {

class TokenMasks;

// Not thread-safe. Functions throw Error(kResources) for a grammar that is too ambiguous
// (kMaxGrammarItems, kMaxMaskSteps).
class ConstrainedText {
 public:
  // `trie` may be null if allowed() is not used.
  ConstrainedText(std::shared_ptr<const Constraint> constraint,
                  const std::shared_ptr<const TokenTrie>& trie);

  // Appends bytes; false if no text goes on with them, and then nothing has changed.
  bool push(std::string_view bytes);
  bool allows(std::string_view bytes) const;

  bool may_end() const { return state_.ends; }
  bool may_go_on() const { return !state_.items.empty(); }

  // A bit for each id of the vocabulary: the tokens that may come next. Valid until the next call.
  std::span<const std::uint64_t> allowed();

 private:
  State after(std::string_view bytes) const;

  std::shared_ptr<const Constraint> constraint_;
  std::shared_ptr<TokenMasks> masks_;
  mutable Stepper stepper_;
  State state_;
  std::size_t stacks_kept_ = 0;  // when they were compacted
  std::vector<std::uint64_t> allowed_;
  bool allowed_is_valid_ = false;
};

// Whether a whole text satisfies a constraint.
bool satisfies(const std::shared_ptr<const Constraint>& constraint, std::string_view text);

}  // namespace cellm
