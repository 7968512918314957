#include "tokenizer/gguf_tokenizer.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "base/error.h"
#include "tokenizer/piece_index.h"

namespace cellm {
namespace {

enum TokenType : std::int32_t { kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5 };

// A GGUF file only names its pre-tokenizer; these are the steps of the tokenizer.json that the name
// refers to.
struct PreTokenizerRecipe {
  std::string_view name;
  bool nfc;
  bool ignore_merges;
  bool individual_digits;    // a Digits step first
  bool adds_bos;             // unless tokenizer.ggml.add_bos_token says otherwise
  std::string_view pattern;  // a Split step; empty: ByteLevel with GPT-2's regex
};

constexpr PreTokenizerRecipe kRecipes[] = {
    {"gpt-2", false, false, false, false, ""},
    {"llama-bpe", false, true, false, true,
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
     R"(\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {"qwen2", true, false, false, false,
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
     R"(\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {"qwen35", true, false, false, false,
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|)"
     R"( ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {"smollm", false, false, true, false, ""},
};

const PreTokenizerRecipe& find_recipe(std::string_view name, std::string_view source) {
  std::vector<std::string_view> names;
  for (const PreTokenizerRecipe& recipe : kRecipes) {
    if (recipe.name == name) return recipe;
    names.push_back(recipe.name);
  }
  throw unsupported_error("{}: tokenizer.ggml.pre is \"{}\", cellm has {}", source, printable(name),
                          fmt::join(names, ", "));
}

void read_tokens(const GgufTokenizer& gguf, std::string_view source, TokenizerSpec& spec) {
  if (gguf.tokens.size() > kMaxTokenIds || gguf.token_types.size() != gguf.tokens.size()) {
    throw data_error("{}: tokenizer.ggml.tokens has {} elements (at most {}) and token_type {}",
                     source, gguf.tokens.size(), kMaxTokenIds, gguf.token_types.size());
  }
  for (std::size_t id = 0; id < gguf.tokens.size(); ++id) {
    const std::string& token = gguf.tokens[id];
    std::string_view piece;
    switch (gguf.token_types[id]) {
      case kNormal:
        piece = token;
        [[fallthrough]];
      case kUnused:  // padding of the vocabulary up to the rows of the embedding
        break;
      case kControl:
      case kUserDefined: {
        AddedToken added;
        added.id = static_cast<std::uint32_t>(id);
        added.content = token;
        added.special = gguf.token_types[id] == kControl;
        spec.added.push_back(std::move(added));
        break;
      }
      default:
        throw unsupported_error("{}: tokenizer.ggml.token_type of token {} is {}", source, id,
                                gguf.token_types[id]);
    }
    if (piece.size() > kMaxPieceBytes) {
      throw data_error("{}: token {} has {} bytes, at most {} are allowed", source, id,
                       piece.size(), kMaxPieceBytes);
    }
    spec.vocab.push_back(piece);
  }
}

void read_merges(const GgufTokenizer& gguf, std::string_view source, TokenizerSpec& spec) {
  if (gguf.merges.size() > kMaxMerges) {
    throw data_error("{}: {} merges, at most {} are allowed", source, gguf.merges.size(),
                     kMaxMerges);
  }
  const PieceIndex index(spec.vocab, source);
  spec.merges.reserve(gguf.merges.size());
  for (std::size_t rank = 0; rank < gguf.merges.size(); ++rank) {
    const std::string_view merge = gguf.merges[rank];
    const std::size_t space = merge.find(' ');
    if (space == std::string_view::npos || merge.find(' ', space + 1) != std::string_view::npos) {
      throw data_error("{}: merge {} is \"{}\", expected two pieces and a space", source, rank,
                       printable(merge));
    }
    const auto left = index.find(merge.substr(0, space));
    const auto right = index.find(merge.substr(space + 1));
    if (!left || !right) {
      throw data_error("{}: merge {}, \"{}\", names a piece that is not in the vocabulary", source,
                       rank, printable(merge));
    }
    spec.merges.push_back({*left, *right});
  }
}

}  // namespace

TokenizerSpec read_gguf_tokenizer(const GgufTokenizer& gguf, std::string_view source) {
  if (gguf.model != "gpt2") {
    throw unsupported_error("{}: tokenizer.ggml.model is \"{}\", cellm has gpt2", source,
                            printable(gguf.model));
  }
  const PreTokenizerRecipe& recipe = find_recipe(gguf.pre, source);
  TokenizerSpec spec;
  spec.nfc = recipe.nfc;
  spec.ignore_merges = recipe.ignore_merges;
  if (recipe.individual_digits) spec.steps.emplace_back(DigitsStep{true});
  if (!recipe.pattern.empty()) {
    spec.steps.emplace_back(
        SplitStep{std::string(recipe.pattern), true, SplitBehavior::kIsolated, false});
  }
  spec.steps.emplace_back(ByteLevelStep{false, recipe.pattern.empty()});
  read_tokens(gguf, source, spec);
  read_merges(gguf, source, spec);
  if (gguf.add_bos.value_or(recipe.adds_bos)) {
    const auto is_bos = [&](const AddedToken& token) { return token.id == gguf.bos_id; };
    if (!gguf.bos_id || (spec.vocab[*gguf.bos_id].empty() &&
                         std::none_of(spec.added.begin(), spec.added.end(), is_bos))) {
      throw data_error("{}: the tokenizer adds a begin-of-text token, but bos_token_id names none",
                       source);
    }
    spec.bos_from_template = {*gguf.bos_id};
  }
  return spec;
}

}  // namespace cellm
