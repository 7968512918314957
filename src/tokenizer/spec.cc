#include "tokenizer/spec.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/utf8.h"

namespace cellm {
namespace {

void check_utf8(std::string_view text, std::string_view what, std::string_view source) {
  if (find_invalid_utf8(text) != std::string_view::npos) {
    throw data_error("{}: {} is not valid UTF-8: \"{}\"", source, what, printable(text));
  }
}

void check_added_tokens(const TokenizerSpec& spec, std::string_view source) {
  if (spec.added.size() > kMaxAddedTokens) {
    throw data_error("{}: {} added tokens, at most {} are allowed", source, spec.added.size(),
                     kMaxAddedTokens);
  }
  std::unordered_map<std::uint32_t, const AddedToken*> by_id;
  for (const AddedToken& token : spec.added) {
    if (token.content.empty() || token.content.size() > kMaxAddedTokenBytes) {
      throw data_error("{}: added token {} has {} bytes, expected 1 to {}", source, token.id,
                       token.content.size(), kMaxAddedTokenBytes);
    }
    check_utf8(token.content, "an added token", source);
    if (token.id >= kMaxTokenIds) {
      throw data_error("{}: added token \"{}\" has id {}, ids must be below {}", source,
                       printable(token.content), token.id, kMaxTokenIds);
    }
    const auto [same_id, new_id] = by_id.emplace(token.id, &token);
    if (!new_id) {
      throw data_error("{}: added tokens \"{}\" and \"{}\" have the same id {}", source,
                       printable(same_id->second->content), printable(token.content), token.id);
    }
    const std::string_view piece = spec.vocab[token.id];
    if (!piece.empty() && piece != token.content) {
      throw data_error("{}: id {} is \"{}\" in the vocabulary and \"{}\" among the added tokens",
                       source, token.id, printable(piece), printable(token.content));
    }
  }
}

void check_steps(const TokenizerSpec& spec, std::string_view source) {
  if (spec.steps.size() > kMaxPreTokenizerSteps) {
    throw data_error("{}: {} pre-tokenizer steps, at most {} are allowed", source,
                     spec.steps.size(), kMaxPreTokenizerSteps);
  }
  for (const PreTokenizerStep& step : spec.steps) {
    const auto* split = std::get_if<SplitStep>(&step);
    if (split != nullptr && split->pattern.size() > kMaxPatternBytes) {
      throw data_error("{}: a pre-tokenizer pattern has {} bytes, at most {} are allowed", source,
                       split->pattern.size(), kMaxPatternBytes);
    }
    if (split != nullptr) check_utf8(split->pattern, "a pre-tokenizer pattern", source);
  }
  const auto is_byte_level = [](const PreTokenizerStep& step) {
    return std::holds_alternative<ByteLevelStep>(step);
  };
  if (std::count_if(spec.steps.begin(), spec.steps.end(), is_byte_level) != 1 ||
      !is_byte_level(spec.steps.back())) {
    throw unsupported_error(
        "{}: the tokenizer is not byte-level BPE: its pre-tokenizer does not end with the only "
        "ByteLevel step",
        source);
  }
}

}  // namespace

void check_tokenizer_spec(const TokenizerSpec& spec, std::string_view source) {
  if (spec.vocab.size() == 0 || spec.vocab.size() > kMaxTokenIds) {
    throw data_error("{}: a vocabulary of {} ids, expected 1 to {}", source, spec.vocab.size(),
                     kMaxTokenIds);
  }
  for (std::size_t id = 0; id < spec.vocab.size(); ++id) {
    if (spec.vocab[id].size() > kMaxPieceBytes) {
      throw data_error("{}: piece {} has {} bytes, at most {} are allowed", source, id,
                       spec.vocab[id].size(), kMaxPieceBytes);
    }
    check_utf8(spec.vocab[id], "a piece", source);
  }
  if (spec.merges.size() > kMaxMerges) {
    throw data_error("{}: {} merges, at most {} are allowed", source, spec.merges.size(),
                     kMaxMerges);
  }
  for (std::size_t rank = 0; rank < spec.merges.size(); ++rank) {
    for (const std::uint32_t id : {spec.merges[rank].left, spec.merges[rank].right}) {
      if (spec.vocab[id].empty()) {
        throw data_error("{}: merge {} names id {}, which has no piece", source, rank, id);
      }
    }
  }
  if (spec.bos_from_template.size() > kMaxBosTokens) {
    throw data_error("{}: the template puts {} tokens before the text, at most {} are allowed",
                     source, spec.bos_from_template.size(), kMaxBosTokens);
  }
  for (const std::uint32_t id : spec.bos_from_template) {
    if (spec.vocab[id].empty() &&
        std::none_of(spec.added.begin(), spec.added.end(),
                     [id](const AddedToken& token) { return token.id == id; })) {
      throw data_error("{}: the template puts token {} before the text, which does not exist",
                       source, id);
    }
  }
  check_added_tokens(spec, source);
  check_steps(spec, source);
}

}  // namespace cellm
