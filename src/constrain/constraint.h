// Text constrained to a JSON schema, a regular expression, a list of choices or a grammar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "constrain/grammar.h"
#include "tokenizer/token_trie.h"

namespace cellm {

class TokenMasks;

// A compiled grammar over bytes: a set of texts, all of them UTF-8. Immutable, so it may be shared
// between threads, texts and models.
class Constraint {
 public:
  explicit Constraint(Grammar grammar);
  ~Constraint();
  Constraint(const Constraint&) = delete;
  Constraint& operator=(const Constraint&) = delete;

  const Grammar& grammar() const { return grammar_; }

  // The sets of tokens for a vocabulary; those of the latest vocabulary are kept.
  std::shared_ptr<TokenMasks> masks(const std::shared_ptr<const TokenTrie>& trie) const;

  // A text of this constraint after reasoning between two tags and up to two line breaks. If the
  // text begins `inside`, the opening tag is there already; if not, there may be no reasoning.
  std::shared_ptr<const Constraint> after_thinking(std::string_view open, std::string_view close,
                                                   bool inside) const;

 private:
  struct Thinking {
    std::string tags;
    std::shared_ptr<const Constraint> constraint;
  };

  const Grammar grammar_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<TokenMasks> masks_;
  mutable Thinking thinking_[2];  // outside, inside
};

using ConstraintPtr = std::shared_ptr<const Constraint>;

// All that follows throws Error(kUnsupported), which names what is not supported and where, and
// Error(kUsage) for what is malformed, larger than the limits of base/limits.h, or satisfied by no
// text. No constraint allows more than the caller asked for; docs/constrained-output.md lists where
// one allows less.

// A JSON text that satisfies a JSON schema (draft 2020-12).
ConstraintPtr constrain_to_json_schema(const nlohmann::ordered_json& schema);
ConstraintPtr constrain_to_json_object();  // any object
// A text that a regular expression matches as a whole.
ConstraintPtr constrain_to_regex(std::string_view pattern);
// One of several texts; at least one.
ConstraintPtr constrain_to_choice(std::span<const std::string> choices);
// A text of the rule `root` of a grammar in llama.cpp's GBNF.
ConstraintPtr constrain_to_gbnf(std::string_view grammar);

// Parts of larger constraints
ConstraintPtr literal(std::string_view text);
ConstraintPtr sequence(std::span<const ConstraintPtr> parts);
ConstraintPtr alternatives(std::span<const ConstraintPtr> parts);  // at least one
ConstraintPtr repeat(const ConstraintPtr& part, std::uint32_t min,
                     std::optional<std::uint32_t> max);  // nothing: any number
// Any text that does not contain `end`, then `end`, which is not empty.
ConstraintPtr text_until(std::string_view end);
// Any text that does not contain `end`, which is not empty.
ConstraintPtr text_without(std::string_view end);

}  // namespace cellm
