#include "tokenizer/gguf_tokenizer.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <fmt/ranges.h>

#include "base/error.h"
#include "tokenizer/piece_index.h"

namespace cellm {
namespace {

enum TokenType : std::int32_t { kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5 };

// A GGUF file only names its pre-tokenizer; these are the steps of the tokenizer.json that the
// names refer to.
struct PreTokenizerRecipe {
  std::span<const std::string_view> names;  // that llama.cpp takes for the same
  bool nfc = false;
  bool ignore_merges = false;
  bool individual_digits = false;  // a Digits step first
  bool adds_bos = false;           // unless tokenizer.ggml.add_bos_token says otherwise
  // A Split step each; none: ByteLevel with GPT-2's regex.
  std::span<const std::string_view> patterns = {};
};

constexpr std::string_view kGpt2Names[] = {"gpt-2"};
constexpr std::string_view kSmolLmNames[] = {"smollm"};
constexpr std::string_view kLlamaNames[] = {"llama-bpe", "llama3", "llama-v3"};
constexpr std::string_view kLlamaPatterns[] = {
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
    R"(\s*[\r\n]+|\s+(?!\S)|\s+)"};
constexpr std::string_view kQwen2Names[] = {"qwen2", "deepseek-r1-qwen"};
constexpr std::string_view kQwen2Patterns[] = {
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
    R"(\s*[\r\n]+|\s+(?!\S)|\s+)"};
constexpr std::string_view kQwen35Names[] = {"qwen35"};
constexpr std::string_view kQwen35Patterns[] = {
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|)"
    R"( ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
// llama.cpp's own, of no tokenizer.json.
constexpr std::string_view kDefaultNames[] = {"default"};
constexpr std::string_view kDefaultPatterns[] = {
    R"([\p{P}\$\+<=>\^~\|]+)",
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))", R"(\p{N}+)",
    R"([0-9][0-9][0-9])"};

constexpr PreTokenizerRecipe kRecipes[] = {
    {.names = kDefaultNames, .patterns = kDefaultPatterns},
    {.names = kGpt2Names},
    {.names = kLlamaNames, .ignore_merges = true, .adds_bos = true, .patterns = kLlamaPatterns},
    {.names = kQwen2Names, .nfc = true, .patterns = kQwen2Patterns},
    {.names = kQwen35Names, .nfc = true, .patterns = kQwen35Patterns},
    {.names = kSmolLmNames, .individual_digits = true},
};

std::vector<PreTokenizerStep> steps_of(const PreTokenizerRecipe& recipe) {
  std::vector<PreTokenizerStep> steps;
  if (recipe.individual_digits) steps.emplace_back(DigitsStep{true});
  for (const std::string_view pattern : recipe.patterns) {
    steps.emplace_back(SplitStep{std::string(pattern), true, SplitBehavior::kIsolated, false});
  }
  steps.emplace_back(ByteLevelStep{false, recipe.patterns.empty()});
  return steps;
}

const PreTokenizerRecipe& find_recipe(std::string_view name, std::string_view source) {
  std::vector<std::string_view> names;
  for (const PreTokenizerRecipe& recipe : kRecipes) {
    for (const std::string_view known : recipe.names) {
      if (known == name) return recipe;
      names.push_back(known);
    }
  }
  throw unsupported_error(
      "{}: tokenizer.ggml.pre is \"{}\", cellm has {}; give the model's tokenizer.json with "
      "--tokenizer",
      source, printable(name), fmt::join(names, ", "));
}

void read_tokens(const GgufTokenizer& gguf, std::string_view source, TokenizerSpec& spec) {
  if (gguf.tokens.size() > kMaxTokenIds ||
      (!gguf.token_types.empty() && gguf.token_types.size() != gguf.tokens.size())) {
    throw data_error("{}: tokenizer.ggml.tokens has {} elements (at most {}) and token_type {}",
                     source, gguf.tokens.size(), kMaxTokenIds, gguf.token_types.size());
  }
  for (std::size_t id = 0; id < gguf.tokens.size(); ++id) {
    const std::string_view token = gguf.tokens[id];
    std::string_view piece;
    switch (gguf.token_types.empty() ? kNormal : gguf.token_types[id]) {
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
  if (gguf.merges.empty()) {
    throw data_error("{}: tokenizer.ggml.merges is missing: a BPE tokenizer needs merges", source);
  }
  const PieceIndex index(spec.vocab);
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

// llama.cpp does not normalize, so that of two recipes that differ in nothing else either will do.
const PreTokenizerRecipe& recipe_of(const TokenizerSpec& spec, std::string_view source) {
  const PreTokenizerRecipe* found = nullptr;
  std::vector<std::string_view> names;
  for (const PreTokenizerRecipe& recipe : kRecipes) {
    names.push_back(recipe.names.front());
    if (recipe.ignore_merges != spec.ignore_merges || steps_of(recipe) != spec.steps) continue;
    if (found == nullptr || recipe.nfc == spec.nfc) found = &recipe;
  }
  if (found != nullptr) return *found;
  throw unsupported_error(
      "{}: a GGUF file names its pre-tokenizer, and this one is none of {}; --no-tokenizer leaves "
      "it out",
      source, fmt::join(names, ", "));
}

// Texts that the views of a GgufTokenizer point into.
struct GgufTexts {
  std::vector<std::string> tokens;
  std::vector<std::string> merges;
};

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

GgufTokenizer make_gguf_tokenizer(const TokenizerSpec& spec, std::size_t rows,
                                  std::string_view source) {
  GgufTokenizer gguf;
  gguf.model = "gpt2";
  gguf.pre = recipe_of(spec, source).names.front();
  auto texts = std::make_shared<GgufTexts>();
  const auto place = [&](std::size_t id, std::string_view text, TokenType type) {
    if (id >= rows) {
      throw data_error("{}: token {} has no row, the embedding has {}", source, id, rows);
    }
    texts->tokens[id] = text;
    gguf.token_types[id] = type;
  };
  gguf.token_types.assign(rows, kUnused);
  texts->tokens.resize(rows);
  for (std::size_t id = 0; id < spec.vocab.size(); ++id) {
    if (const std::string_view piece = spec.vocab[id]; !piece.empty()) place(id, piece, kNormal);
  }
  for (const AddedToken& added : spec.added) {
    place(added.id, added.content, added.special ? kControl : kUserDefined);
  }
  for (std::size_t id = 0; id < rows; ++id) {
    if (gguf.token_types[id] == kUnused) texts->tokens[id] = fmt::format("[PAD{}]", id);
  }
  texts->merges.reserve(spec.merges.size());
  for (const MergePair& merge : spec.merges) {
    texts->merges.push_back(fmt::format("{} {}", spec.vocab[merge.left], spec.vocab[merge.right]));
  }
  if (spec.bos_from_template.size() > 1) {
    throw unsupported_error("{}: puts {} tokens before a text, a GGUF file can say one", source,
                            spec.bos_from_template.size());
  }
  gguf.add_bos = !spec.bos_from_template.empty();
  if (*gguf.add_bos) gguf.bos_id = spec.bos_from_template.front();
  gguf.tokens = views(texts->tokens);
  gguf.merges = views(texts->merges);
  gguf.owner = std::move(texts);
  return gguf;
}

std::string lost_in_gguf(const TokenizerSpec& spec) {
  const auto count = std::count_if(
      spec.added.begin(), spec.added.end(),
      [](const AddedToken& token) { return token.single_word || token.lstrip || token.rstrip; });
  if (count == 0) return {};
  return fmt::format(
      "{} tokens take white space around them or must be whole words, which a GGUF file cannot say",
      count);
}

TokenizerSpec read_gguf_tokenizer(const GgufTokenizer& gguf, std::string_view source) {
  if (gguf.model != "gpt2") {
    throw unsupported_error("{}: tokenizer.ggml.model is \"{}\", cellm has gpt2", source,
                            printable(gguf.model));
  }
  const PreTokenizerRecipe& recipe = find_recipe(gguf.pre, source);
  TokenizerSpec spec;
  spec.nfc = recipe.nfc;
  spec.ignore_merges = recipe.ignore_merges;
  spec.steps = steps_of(recipe);
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
