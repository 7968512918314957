#include "constrain/constraint.h"

#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "constrain/text_until.h"
#include "constrain/token_masks.h"

namespace cellm {
namespace {

// A constraint whose texts are what append(builder, start) appends.
template <class Append>
ConstraintPtr make(Append&& append) {
  GrammarBuilder builder;
  const std::uint32_t root = builder.rule("the text");
  builder.end(root, append(builder, builder.start(root)));
  return std::make_shared<const Constraint>(builder.finish(root));
}

}  // namespace

Constraint::Constraint(Grammar grammar) : grammar_(std::move(grammar)) {}
Constraint::~Constraint() = default;

std::shared_ptr<TokenMasks> Constraint::masks(const std::shared_ptr<const TokenTrie>& trie) const {
  const std::lock_guard lock(mutex_);
  if (!masks_ || masks_->trie() != trie) masks_ = std::make_shared<TokenMasks>(grammar_, trie);
  return masks_;
}

ConstraintPtr Constraint::after_thinking(std::string_view open, std::string_view close,
                                         bool inside) const {
  const std::lock_guard lock(mutex_);
  Thinking& kept = thinking_[inside ? 1 : 0];
  std::string tags(open);
  tags.append("\n").append(close);
  if (kept.constraint && kept.tags == tags) return kept.constraint;
  kept.constraint = make([&](GrammarBuilder& builder, std::uint32_t from) {
    const auto line_break = [&](std::uint32_t at) { return builder.literal(at, "\n"); };
    const std::uint32_t answer = builder.import(grammar_);
    const std::uint32_t to = builder.node();
    std::uint32_t at = from;
    if (!inside) {
      builder.empty(builder.call(from, answer), to);
      at = builder.any_number(at, [&](std::uint32_t node) {
        return builder.one_of(node, std::array<std::string, 4>{" ", "\n", "\r", "\t"});
      });
      at = builder.literal(at, open);
    }
    at = append_text_until(builder, at, close);
    at = builder.optional(builder.optional(at, line_break), line_break);
    builder.empty(builder.call(at, answer), to);
    return to;
  });
  kept.tags = std::move(tags);
  return kept.constraint;
}

ConstraintPtr literal(std::string_view text) {
  return make(
      [&](GrammarBuilder& builder, std::uint32_t from) { return builder.literal(from, text); });
}

ConstraintPtr constrain_to_choice(std::span<const std::string> choices) {
  if (choices.empty()) throw usage_error("a choice needs at least one text");
  return make(
      [&](GrammarBuilder& builder, std::uint32_t from) { return builder.one_of(from, choices); });
}

ConstraintPtr sequence(std::span<const ConstraintPtr> parts) {
  return make([&](GrammarBuilder& builder, std::uint32_t from) {
    for (const ConstraintPtr& part : parts) {
      from = builder.call(from, builder.import(part->grammar()));
    }
    return from;
  });
}

ConstraintPtr alternatives(std::span<const ConstraintPtr> parts) {
  if (parts.empty()) throw usage_error("alternatives need at least one part");
  return make([&](GrammarBuilder& builder, std::uint32_t from) {
    const std::uint32_t to = builder.node();
    for (const ConstraintPtr& part : parts) {
      builder.empty(builder.call(from, builder.import(part->grammar())), to);
    }
    return to;
  });
}

ConstraintPtr repeat(const ConstraintPtr& part, std::uint32_t min,
                     std::optional<std::uint32_t> max) {
  if (max && *max < min) throw usage_error("at least {} and at most {} repetitions", min, *max);
  return make([&](GrammarBuilder& builder, std::uint32_t from) {
    return builder.repeat(from, builder.import(part->grammar()), min, max ? &*max : nullptr);
  });
}

ConstraintPtr text_until(std::string_view end) {
  if (end.empty()) throw usage_error("a text cannot go on until an empty text");
  return make([&](GrammarBuilder& builder, std::uint32_t from) {
    return append_text_until(builder, from, end);
  });
}

ConstraintPtr text_without(std::string_view end) {
  if (end.empty()) throw usage_error("every text contains an empty text");
  return make([&](GrammarBuilder& builder, std::uint32_t from) {
    return append_text_without(builder, from, end);
  });
}

}  // namespace cellm
