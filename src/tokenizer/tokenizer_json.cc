#include "tokenizer/tokenizer_json.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/piece_index.h"
#include "tokenizer/tokenizer_document.h"

namespace cellm {
namespace {

[[noreturn]] void refuse(const JsonNode& node, std::string_view found, std::string_view supported) {
  throw unsupported_error("{} is {}, cellm has {}", node.path(), printable(found), supported);
}

bool flag(const JsonNode& object, std::string_view key, bool otherwise) {
  const auto found = object.find(key);
  return found ? found->as_bool() : otherwise;
}

void read_normalizer(const JsonNode& node, TokenizerSpec& spec) {
  const std::string type = node.at("type").as_string();
  if (type == "NFC") {
    spec.nfc = true;
  } else if (type == "Sequence") {
    for (const JsonNode& step : node.at("normalizers").as_array(kMaxTokenizerParts))
      read_normalizer(step, spec);
  } else {
    refuse(node.at("type"), type, "NFC and Sequence");
  }
}

SplitBehavior read_behavior(const JsonNode& node) {
  const std::string name = node.as_string();
  for (const auto& [behavior, its_name] : kSplitBehaviorNames) {
    if (name == its_name) return behavior;
  }
  throw data_error("{}: unknown behavior \"{}\"", node.path(), printable(name));
}

SplitStep read_split(const JsonNode& node) {
  SplitStep split;
  const JsonNode pattern = node.at("pattern");
  if (const auto regex = pattern.find("Regex")) {
    split.pattern = regex->as_string();
  } else {
    split.pattern = pattern.at("String").as_string();
    split.is_regex = false;
  }
  split.behavior = read_behavior(node.at("behavior"));
  split.invert = flag(node, "invert", false);
  return split;
}

void read_pre_tokenizer(const JsonNode& node, TokenizerSpec& spec) {
  const std::string type = node.at("type").as_string();
  if (spec.steps.size() >= kMaxPreTokenizerSteps) {
    throw data_error("{}: more than {} steps", node.path(), kMaxPreTokenizerSteps);
  }
  if (type == "Sequence") {
    for (const JsonNode& step : node.at("pretokenizers").as_array(kMaxTokenizerParts))
      read_pre_tokenizer(step, spec);
  } else if (type == "Split") {
    spec.steps.emplace_back(read_split(node));
  } else if (type == "Digits") {
    spec.steps.emplace_back(DigitsStep{flag(node, "individual_digits", false)});
  } else if (type == "ByteLevel") {
    spec.steps.emplace_back(
        ByteLevelStep{flag(node, "add_prefix_space", true), flag(node, "use_regex", true)});
  } else {
    refuse(node.at("type"), type, "Sequence, Split, Digits and ByteLevel");
  }
}

// The template of a single text: ids of special tokens before the text, and none after it.
void read_template(const JsonNode& node, TokenizerSpec& spec) {
  bool seen_text = false;
  for (const JsonNode& part : node.at("single").as_array(kMaxTokenizerParts)) {
    if (part.find("Sequence")) {
      if (seen_text) refuse(part, "a second text", "templates of one text");
      seen_text = true;
      continue;
    }
    const std::string name = part.at("SpecialToken").at("id").as_string();
    if (seen_text) {
      refuse(part, "the token " + name + " behind the text", "tokens before it");
    }
    const JsonNode token = node.at("special_tokens").at(name);
    for (const JsonNode& id : token.at("ids").as_array(kMaxTokenizerParts)) {
      spec.bos_from_template.push_back(static_cast<std::uint32_t>(id.as_uint(0, kMaxTokenIds - 1)));
    }
  }
  if (!seen_text) throw data_error("{} has no text", node.at("single").path());
}

void read_post_processor(const JsonNode& node, TokenizerSpec& spec) {
  const std::string type = node.at("type").as_string();
  if (type == "ByteLevel") return;  // only about offsets
  if (type == "Sequence") {
    for (const JsonNode& step : node.at("processors").as_array(kMaxTokenizerParts))
      read_post_processor(step, spec);
  } else if (type == "TemplateProcessing") {
    read_template(node, spec);
  } else {
    refuse(node.at("type"), type, "ByteLevel, TemplateProcessing and Sequence");
  }
}

void check_decoder(const JsonNode& node) {
  const std::string type = node.at("type").as_string();
  if (type == "Sequence") {
    const auto steps = node.at("decoders").as_array(kMaxTokenizerParts);
    if (steps.size() != 1) refuse(node, "a sequence of decoders", "ByteLevel alone");
    check_decoder(steps.front());
  } else if (type != "ByteLevel") {
    refuse(node.at("type"), type, "ByteLevel");
  }
}

// As the tokenizers library: a token that is listed again counts once, and a piece of the
// vocabulary keeps its id.
void add_token(AddedToken token, const PieceIndex& index,
               std::map<std::string, std::size_t, std::less<>>& place, TokenizerSpec& spec) {
  if (const auto id = index.find(token.content)) token.id = *id;
  const auto [known, is_new] = place.emplace(token.content, spec.added.size());
  if (is_new) {
    spec.added.push_back(std::move(token));
    return;
  }
  spec.has_repeats = true;
  spec.added[known->second].special |= token.special;
}

void read_added_tokens(const JsonNode& node, const PieceIndex& index, TokenizerSpec& spec) {
  std::map<std::string, std::size_t, std::less<>> place;  // by content, in spec.added
  for (const JsonNode& item : node.as_array(kMaxAddedTokens)) {
    AddedToken token;
    token.id = static_cast<std::uint32_t>(item.at("id").as_uint(0, kMaxTokenIds - 1));
    token.content = item.at("content").as_string();
    token.special = item.at("special").as_bool();
    token.single_word = item.at("single_word").as_bool();
    token.lstrip = item.at("lstrip").as_bool();
    token.rstrip = item.at("rstrip").as_bool();
    token.normalized = item.at("normalized").as_bool();
    add_token(std::move(token), index, place, spec);
  }
}

// The items of model.vocab whose piece comes again later: the last one counts, as for any key.
std::vector<bool> repeated_items(const TokenizerDocument& document) {
  std::vector<bool> repeated(document.ids.size());
  std::unordered_map<std::string_view, std::size_t> last;
  for (std::size_t item = 0; item < document.ids.size(); ++item) {
    const auto [known, is_new] = last.try_emplace(document.pieces[item], item);
    if (!is_new) repeated[std::exchange(known->second, item)] = true;
  }
  return repeated;
}

// Without the items that are `skipped` (empty: with all).
void read_vocab(const TokenizerDocument& document, const std::vector<bool>& skipped,
                std::string_view source, TokenizerSpec& spec) {
  if (document.ids.empty()) throw data_error("{}: model.vocab is empty", source);
  const std::size_t size =
      std::size_t{*std::max_element(document.ids.begin(), document.ids.end())} + 1;
  if (size > document.ids.size() + kMaxUnusedIds) {
    throw data_error("{}: model.vocab: {} pieces have ids up to {}; at most {} ids may be unused",
                     source, document.ids.size(), size - 1, kMaxUnusedIds);
  }
  constexpr std::size_t kUnset = ~std::size_t{0};
  std::vector<std::size_t> item_of(size, kUnset);
  for (std::size_t item = 0; item < document.ids.size(); ++item) {
    if (!skipped.empty() && skipped[item]) continue;
    std::size_t& slot = item_of[document.ids[item]];
    if (slot != kUnset && document.pieces[slot] != document.pieces[item]) {
      throw data_error("{}: model.vocab: \"{}\" and \"{}\" have the same id {}", source,
                       printable(document.pieces[slot]), printable(document.pieces[item]),
                       document.ids[item]);
    }
    slot = item;
  }
  spec.vocab.reserve(size, document.pieces.text.size());
  for (const std::size_t item : item_of) {
    spec.vocab.push_back(item == kUnset ? std::string_view() : document.pieces[item]);
  }
}

void read_merges(const TokenizerDocument& document, const PieceIndex& index,
                 std::string_view source, TokenizerSpec& spec) {
  const auto id_of = [&](std::size_t item) {
    const auto id = index.find(document.merges[item]);
    if (!id) {
      throw data_error("{}: model.merges[{}] names \"{}\", which is not in the vocabulary", source,
                       item / 2, printable(document.merges[item]));
    }
    return *id;
  };
  spec.merges.reserve(document.merges.size() / 2);
  for (std::size_t item = 0; item < document.merges.size(); item += 2) {
    spec.merges.push_back({id_of(item), id_of(item + 1)});
  }
}

// Options of the model. Options for unknown characters have no effect if every byte has a piece.
void check_model(const JsonNode& model, const PieceIndex& index, TokenizerSpec& spec) {
  if (const auto dropout = model.find("dropout"); dropout && dropout->as_number() != 0) {
    refuse(*dropout, "not 0", "no dropout");
  }
  for (const std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const auto text = model.find(key);
    if (text && !text->as_string().empty()) refuse(*text, text->as_string(), "none");
  }
  spec.ignore_merges = flag(model, "ignore_merges", false);

  const auto& alphabet = byte_level_alphabet();
  const bool has_all_bytes =
      std::all_of(alphabet.begin(), alphabet.end(),
                  [&](const std::string& character) { return index.find(character).has_value(); });
  if (has_all_bytes) return;
  if (const auto unknown = model.find("unk_token")) {
    refuse(*unknown, unknown->as_string(), "none, as the vocabulary lacks some bytes");
  }
  if (flag(model, "byte_fallback", false)) {
    refuse(model.at("byte_fallback"), "true", "false, as the vocabulary lacks some bytes");
  }
}

}  // namespace

TokenizerSpec read_tokenizer_json(std::string_view text, std::string_view source) {
  TokenizerDocument document;
  Json rest;
  parse_tokenizer_document(text, source, document, rest);
  const JsonNode root(rest, std::string(source) + ":");
  const JsonNode model = root.at("model");
  if (const auto type = model.find("type"); type && type->as_string() != "BPE") {
    refuse(*type, type->as_string(), "BPE");
  }
  if (!document.has_vocab) throw data_error("{}: model.vocab is missing or no object", source);
  if (!document.has_merges) throw data_error("{}: model.merges is missing or no array", source);

  TokenizerSpec spec;
  read_vocab(document, {}, source, spec);
  PieceIndex index(spec.vocab);
  if (index.has_repeats()) {
    spec.has_repeats = true;
    spec.vocab = {};
    read_vocab(document, repeated_items(document), source, spec);
    index = PieceIndex(spec.vocab);
  }
  check_model(model, index, spec);
  read_merges(document, index, source, spec);
  // "truncation" and "padding" are left over from training; both are about batches of texts.
  if (const auto added = root.find("added_tokens")) read_added_tokens(*added, index, spec);
  if (const auto normalizer = root.find("normalizer")) read_normalizer(*normalizer, spec);
  if (const auto steps = root.find("pre_tokenizer")) read_pre_tokenizer(*steps, spec);
  if (const auto processor = root.find("post_processor")) read_post_processor(*processor, spec);
  const auto decoder = root.find("decoder");
  if (!decoder) throw unsupported_error("{}: decoder is missing, cellm has ByteLevel", source);
  check_decoder(*decoder);
  return spec;
}

}  // namespace cellm
