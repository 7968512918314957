#include "tokenizer/write_tokenizer_json.h"

#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string_view behavior_name(SplitBehavior behavior) {
  for (const auto& [one, name] : kSplitBehaviorNames) {
    if (one == behavior) return name;
  }
  CELLM_CHECK(false);
}

OrderedJson step_json(const PreTokenizerStep& step) {
  if (const auto* split = std::get_if<SplitStep>(&step)) {
    return {{"type", "Split"},
            {"pattern", {{split->is_regex ? "Regex" : "String", split->pattern}}},
            {"behavior", behavior_name(split->behavior)},
            {"invert", split->invert}};
  }
  if (const auto* digits = std::get_if<DigitsStep>(&step)) {
    return {{"type", "Digits"}, {"individual_digits", digits->individual}};
  }
  const auto& bytes = std::get<ByteLevelStep>(step);
  return {{"type", "ByteLevel"},
          {"add_prefix_space", bytes.add_prefix_space},
          {"trim_offsets", false},
          {"use_regex", bytes.use_regex}};
}

OrderedJson added_json(const AddedToken& token) {
  return {{"id", token.id},          {"content", token.content}, {"single_word", token.single_word},
          {"lstrip", token.lstrip},  {"rstrip", token.rstrip},   {"normalized", token.normalized},
          {"special", token.special}};
}

OrderedJson byte_level() {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", false},
          {"use_regex", false}};
}

std::string text_of(const TokenizerSpec& spec, std::uint32_t id) {
  for (const AddedToken& token : spec.added) {
    if (token.id == id) return token.content;
  }
  return std::string(spec.vocab[id]);
}

OrderedJson post_processor(const TokenizerSpec& spec) {
  if (spec.bos_from_template.empty()) return byte_level();
  OrderedJson single = OrderedJson::array();
  OrderedJson pair = OrderedJson::array();
  OrderedJson tokens = OrderedJson::object();
  for (const std::uint32_t id : spec.bos_from_template) {
    const std::string text = text_of(spec, id);
    const OrderedJson part = {{"SpecialToken", {{"id", text}, {"type_id", 0}}}};
    single.push_back(part);
    pair.push_back(part);
    tokens[text] = {{"id", text}, {"ids", {id}}, {"tokens", {text}}};
  }
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  pair.push_back(single.back());
  pair.push_back({{"Sequence", {{"id", "B"}, {"type_id", 1}}}});
  return {{"type", "TemplateProcessing"},
          {"single", std::move(single)},
          {"pair", std::move(pair)},
          {"special_tokens", std::move(tokens)}};
}

OrderedJson model_json(const TokenizerSpec& spec) {
  OrderedJson::object_t vocab;  // pieces are distinct: appended without a search
  for (std::size_t id = 0; id < spec.vocab.size(); ++id) {
    if (const std::string_view piece = spec.vocab[id]; !piece.empty())
      vocab.emplace_back(piece, id);
  }
  OrderedJson merges = OrderedJson::array();
  for (const MergePair& merge : spec.merges) {
    merges.push_back({spec.vocab[merge.left], spec.vocab[merge.right]});
  }
  OrderedJson model = {{"type", "BPE"},
                       {"dropout", nullptr},
                       {"unk_token", nullptr},
                       {"continuing_subword_prefix", ""},
                       {"end_of_word_suffix", ""},
                       {"fuse_unk", false},
                       {"byte_fallback", false},
                       {"ignore_merges", spec.ignore_merges}};
  model["vocab"] = std::move(vocab);
  model["merges"] = std::move(merges);
  return model;
}

}  // namespace

std::string write_tokenizer_json(const TokenizerSpec& spec) {
  OrderedJson document = {{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}};
  document["added_tokens"] = OrderedJson::array();
  for (const AddedToken& token : spec.added) document["added_tokens"].push_back(added_json(token));
  document["normalizer"] = spec.nfc ? OrderedJson{{"type", "NFC"}} : OrderedJson();
  OrderedJson steps = OrderedJson::array();
  for (const PreTokenizerStep& step : spec.steps) steps.push_back(step_json(step));
  document["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}};
  document["post_processor"] = post_processor(spec);
  document["decoder"] = byte_level();
  document["model"] = model_json(spec);
  return document.dump(1);
}

}  // namespace cellm
