#include "engine/generation_config.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "io/json.h"

namespace cellm {
namespace {

struct Card {
  std::string_view model_type;
  std::size_t vocab_size;
  SamplingDefaults sampling;
};

// Qwen3.5's cards: a presence penalty of 1.5 in general, thinking or not (2 and 0 for some uses),
// and no repetition penalty.
constexpr SamplingDefaults kQwen35{.repeat_penalty = 1.0F, .presence_penalty = 1.5F};
constexpr std::array<Card, 2> kCards{
    {{"qwen3_5", 248320, kQwen35}, {"qwen3_5_text", 248320, kQwen35}}};

// The number under this key, if there is one; it must be in [low, high].
std::optional<float> number(const JsonNode& config, std::string_view key, double low, double high) {
  const auto node = config.find(key);
  if (!node) return std::nullopt;
  const double value = node->as_number();
  if (value < low || value > high) {
    throw data_error("{} must be from {} to {}, not {}", node->path(), low, high, value);
  }
  return static_cast<float>(value);
}

std::optional<std::size_t> top_k(const JsonNode& config) {
  const auto node = config.find("top_k");
  if (!node) return std::nullopt;
  if (node->as_number() == -1.0) return 0;
  return node->as_uint(0, kMaxTopK);
}

}  // namespace

std::vector<std::uint32_t> generation_end_ids(std::string_view json, const std::string& source) {
  std::vector<std::uint32_t> ids;
  const Json document = parse_python_json(json, source);
  const auto eos = JsonNode(document, source + ":").find("eos_token_id");
  if (!eos) return ids;
  for (const auto& node :
       eos->is_array() ? eos->as_array(kMaxEosIds) : std::vector<JsonNode>{*eos}) {
    const auto id = static_cast<std::uint32_t>(node.as_uint(0, UINT32_MAX));
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

SamplingDefaults generation_sampling(std::string_view json, const std::string& source) {
  const Json document = parse_python_json(json, source);
  const JsonNode config(document, source + ":");
  const auto sampled = config.find("do_sample");
  if (sampled && !sampled->as_bool()) return {.temperature = 0.0F};
  constexpr double kLeastPositive = 1e-6;
  constexpr double kMost = 100.0;
  return {.temperature = number(config, "temperature", 0.0, kMost),
          .top_k = top_k(config),
          .top_p = number(config, "top_p", kLeastPositive, 1.0),
          .min_p = number(config, "min_p", 0.0, 1.0 - kLeastPositive),
          .repeat_penalty = number(config, "repetition_penalty", kLeastPositive, kMost),
          .presence_penalty = number(config, "presence_penalty", -kMost, kMost),
          .frequency_penalty = number(config, "frequency_penalty", -kMost, kMost)};
}

SamplingDefaults card_sampling(std::string_view model_type, std::size_t vocab_size) {
  const auto* card = std::find_if(kCards.begin(), kCards.end(), [&](const Card& one) {
    return one.model_type == model_type && one.vocab_size == vocab_size;
  });
  return card == kCards.end() ? SamplingDefaults{} : card->sampling;
}

}  // namespace cellm
