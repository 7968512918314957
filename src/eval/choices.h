// Multiple-choice items: the continuation that a model finds most likely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "eval/bootstrap.h"
#include "eval/evaluate.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

struct ChoiceItem {
  std::string where;  // "FILE: line N", for messages
  std::string context;
  std::vector<std::string> choices;  // at least two; each is appended to the context as it is
  std::size_t answer = 0;            // index of the right one
};

// Reads a file of one JSON object per line: {"context": text, "choices": [texts], "answer": index
// or text}; other keys and empty lines are ignored. At least one item. Throws Error(kData) naming
// file and line.
std::vector<ChoiceItem> read_choices(const std::filesystem::path& path);
// The same for the content of such a file; `source` names it.
std::vector<ChoiceItem> parse_choices(std::string_view text, std::string_view source);

// A tokenized item.
struct ChoiceTokens {
  std::vector<std::uint32_t> context;               // at least one id
  std::vector<std::vector<std::uint32_t>> choices;  // each at least one id
};

// Tokenizes as lm-evaluation-harness does: trailing white space of the context belongs to the
// choices, and the ids of a choice are those of context and choice together, without the first n, n
// being the number of ids of the context alone. The tokenizer's begin-of-text tokens precede the
// context. Throws Error(kData) naming the item for an empty context without such tokens, and for a
// choice without a token.
ChoiceTokens tokenize_choices(const ChoiceItem& item, const Tokenizer& tokenizer);

// ln p of one choice given its context.
struct ChoiceScore {
  double sum = 0.0;
  std::size_t tokens = 0;
  double mean() const { return sum / static_cast<double>(tokens); }
};

struct ChoiceEvaluation {
  std::size_t items = 0;
  std::size_t tokens = 0;  // of contexts (once each) and choices
  Estimate accuracy_sum;   // share of items whose right choice has the largest ln p
  Estimate accuracy_mean;  // the same by ln p per token
  double chance = 0.0;     // accuracy of guessing: the mean of 1 / choices
  std::vector<std::vector<ChoiceScore>> scores;  // by item and choice
  double seconds = 0.0;
};

// Scores all items; runs each context once. Of equal choices the first counts as the model's.
// Intervals come from resampling items. Throws Error(kData), naming the item, for one that does not
// fit into the context or exceeds the vocabulary.
ChoiceEvaluation evaluate_choices(const EvalSubject& subject, const Tokenizer& tokenizer,
                                  std::span<const ChoiceItem> items, const EvalOptions& options,
                                  const EvalProgress& progress);

}  // namespace cellm
