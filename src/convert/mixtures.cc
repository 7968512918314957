#include "convert/mixtures.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "format/formats.h"

namespace cellm {
namespace {

constexpr std::array<Mixture, 20> kMixtures{
    {{"q8_0", "q8_0", 7},    {"q6_k", "q6_k", 18},     {"q5_k_m", "q5_k", 17},
     {"q5_k_s", "q5_k", 16}, {"q5_1", "q5_1", 9},      {"q5_0", "q5_0", 8},
     {"q4_k_m", "q4_k", 15}, {"q4_k_s", "q4_k", 14},   {"q4_1", "q4_1", 3},
     {"q4_0", "q4_0", 2},    {"iq4_nl", "iq4_nl", 25}, {"iq4_xs", "iq4_xs", 30},
     {"q3_k_l", "q3_k", 13}, {"q3_k_m", "q3_k", 12},   {"q3_k_s", "q3_k", 11},
     {"q2_k", "q2_k", 10},   {"q2_k_s", "q2_k", 21},   {"q5_k", "q5_k", 17},
     {"q4_k", "q4_k", 15},   {"q3_k", "q3_k", 12}}};

// Replacements of formats of 256 weights, for rows that are no multiple of it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kSmallerBlocks{
    {{"q2_k", "q4_0"},
     {"q3_k", "q4_0"},
     {"q4_k", "q5_0"},
     {"q5_k", "q5_1"},
     {"q6_k", "q8_0"},
     {"iq4_xs", "iq4_nl"}}};

const FormatSpec& named(std::string_view name) {
  const auto id = find_dtype(name);
  CELLM_CHECK(id);
  return format_spec(*id);
}

// The first and the last eighth of the layers, and every third between.
bool uses_more_bits(std::size_t layer, std::size_t layers) {
  const std::size_t eighth = layers / 8;
  return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

// The matrix that computes a layer's values, its most sensitive one.
bool is_value(TensorRole role) {
  return role == TensorRole::kValue || role == TensorRole::kDeltaInput;
}

std::string_view value_format(const Mixture& mixture, std::size_t layer, std::size_t layers,
                              std::size_t sharing) {
  const std::string_view name = mixture.name;
  if (name == "q3_k_m") return layer < 2 ? "q5_k" : "q4_k";
  if (name == "q3_k_l") return "q5_k";
  if (name == "q2_k") return sharing >= 4 ? "q4_k" : "q3_k";
  if (name == "q2_k_s" && sharing >= 4) return "q4_k";
  if ((name == "iq4_nl" || name == "iq4_xs") && sharing >= 4) return "q5_k";
  if ((name == "q4_k_m" || name == "q5_k_m") && uses_more_bits(layer, layers)) {
    return "q6_k";
  }
  if (name == "q4_k_s" && layer < 4) return "q5_k";
  return mixture.base;
}

std::string_view down_format(const Mixture& mixture, std::size_t layer, std::size_t layers) {
  const std::string_view name = mixture.name;
  if (name == "q3_k_m") return layer < layers / 16 ? "q5_k" : "q4_k";
  if (name == "q3_k_l") return "q5_k";
  if ((name == "q4_k_m" || name == "q5_k_m") && uses_more_bits(layer, layers)) {
    return "q6_k";
  }
  if (name == "q4_k_s" && layer < layers / 8) return "q5_k";
  if (name == "q2_k") return "q3_k";
  if (name == "q2_k_s" && layer < layers / 8) return "q4_k";
  return mixture.base;
}

std::string_view attention_output_format(const Mixture& mixture) {
  if (mixture.name == "q2_k") return "q3_k";
  if (mixture.name == "q3_k_m") return "q4_k";
  if (mixture.name == "q3_k_l") return "q5_k";
  return mixture.base;
}

std::string_view format_of(const Mixture& mixture, TensorId id, const ModelConfig& config,
                           bool tied) {
  const std::size_t layers = config.layers.size();
  if (id == kOutputId || (id == kEmbeddingId && tied)) {
    return mixture.base == "q8_0" ? "q8_0" : "q6_k";
  }
  if (is_value(id.role)) {
    return value_format(mixture, id.layer, layers, config.heads / config.kv_heads);
  }
  if (id.role == TensorRole::kDown) return down_format(mixture, id.layer, layers);
  if (id.role == TensorRole::kAttentionOutput) return attention_output_format(mixture);
  return mixture.base;
}

}  // namespace

const Mixture* find_mixture(std::string_view name) {
  const auto* found = std::ranges::find(kMixtures, name, &Mixture::name);
  return found == kMixtures.end() ? nullptr : found;
}

std::string mixture_names() {
  std::string names;
  for (const Mixture& mixture : kMixtures) {
    if (!names.empty()) names += ", ";
    names += mixture.name;
  }
  return names;
}

std::vector<std::string> format_words() {
  std::vector<std::string> words = encodable_formats();
  for (const Mixture& mixture : kMixtures) {
    if (std::ranges::find(words, mixture.name) == words.end()) words.emplace_back(mixture.name);
  }
  words.emplace_back("keep");
  return words;
}

FormatChoice fitting_choice(const FormatChoice& choice, std::size_t cols) {
  const auto fits = [cols](const FormatSpec& spec) { return cols % spec.block == 0; };
  const FormatSpec& wanted = format_spec(choice.format);
  if (fits(wanted)) return choice;
  for (const auto& [name, smaller] : kSmallerBlocks) {
    if (name == wanted.name && fits(named(smaller))) return {named(smaller).id, 0};
  }
  return {};  // f16
}

FormatChoice mixture_choice(const Mixture& mixture, TensorId id, const ModelConfig& config,
                            bool tied, std::size_t cols) {
  return fitting_choice({named(format_of(mixture, id, config, tied)).id, 0}, cols);
}

}  // namespace cellm
