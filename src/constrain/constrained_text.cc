#include "constrain/constrained_text.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "constrain/token_masks.h"

namespace cellm {

ConstrainedText::ConstrainedText(std::shared_ptr<const Constraint> constraint,
                                 const std::shared_ptr<const TokenTrie>& trie)
    : constraint_(std::move(constraint)),
      masks_(trie ? constraint_->masks(trie) : nullptr),
      stepper_(constraint_->grammar()),
      state_(stepper_.start()) {}

State ConstrainedText::after(std::string_view bytes) const {
  stepper_.begin_count();
  State state = state_;
  for (const char byte : bytes) {
    if (state.items.empty()) return {};
    state = stepper_.step(state.items, static_cast<std::uint8_t>(byte));
  }
  return state;
}

bool ConstrainedText::allows(std::string_view bytes) const {
  const State state = after(bytes);
  return !state.items.empty() || state.ends;
}

bool ConstrainedText::push(std::string_view bytes) {
  constexpr std::size_t kStacks = 4096;
  State state = after(bytes);
  if (state.items.empty() && !state.ends) return false;
  if (state != state_) {
    state_ = std::move(state);
    allowed_is_valid_ = false;
  }
  if (stepper_.stacks().size() > 2 * stacks_kept_ + kStacks) {
    stepper_.compact(state_);
    stacks_kept_ = stepper_.stacks().size();
  }
  return true;
}

std::span<const std::uint64_t> ConstrainedText::allowed() {
  CELLM_CHECK(masks_ != nullptr);
  if (!allowed_is_valid_) {
    allowed_.assign((masks_->trie()->vocab_size() + 63) / 64, 0);
    masks_->allow(state_.items, stepper_.stacks(), allowed_);
    allowed_is_valid_ = true;
  }
  return allowed_;
}

bool satisfies(const std::shared_ptr<const Constraint>& constraint, std::string_view text) {
  ConstrainedText state(constraint, nullptr);
  return state.push(text) && state.may_end();
}

}  // namespace cellm
