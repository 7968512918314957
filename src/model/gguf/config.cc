#include "model/gguf/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "io/json.h"
#include "model/arch/family.h"
#include "model/rope.h"

namespace cellm {
namespace {

// The decimal number that people wrote where the file has the nearest f32: 1e-6, not
// 9.999999974752427e-07.
double shortest(double value) {
  const auto single = static_cast<float>(value);
  if (static_cast<double>(single) != value) return value;
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), single).ptr;
  double result = value;
  std::from_chars(text.data(), end, result);
  return result;
}

// llama.cpp's ggml_rope_yarn_corr_dims() and rope_yarn() are the formulas of transformers.
void add_yarn(const GgufModelKeys& keys, double factor, Json& rope) {
  const GgufValue* original = keys.find("rope.scaling.original_context_length");
  rope["original_max_position_embeddings"] = original == nullptr
                                                 ? keys.size("context_length", kMaxPositions)
                                                 : original->as_uint(1, kMaxPositions);
  for (const char* name : {"beta_fast", "beta_slow"}) {
    const GgufValue* value = keys.find(fmt::format("rope.scaling.yarn_{}", name));
    if (value != nullptr) rope[name] = shortest(value->as_number());
  }
  const GgufValue* attention = keys.find("rope.scaling.attn_factor");
  if (attention != nullptr && factor > 1.0) {
    rope["attention_factor"] = attention->as_number() * yarn_magnitude(factor);
  }
}

Json rope_parameters(const GgufModelKeys& keys, const Family& family) {
  const std::string& path = keys.file().path();
  Json rope = {{"rope_type", "default"}};
  const bool required = family.gguf.default_rope_theta == 0.0;
  const GgufValue* theta = required ? &keys.at("rope.freq_base") : keys.find("rope.freq_base");
  rope["rope_theta"] =
      theta == nullptr ? family.gguf.default_rope_theta : shortest(theta->as_number());

  // "linear" is the default type, which a factor of 1 leaves without effect.
  const GgufValue* type_value = keys.find("rope.scaling.type");
  const std::string_view type = type_value == nullptr ? "linear" : type_value->as_string();
  const GgufValue* factor_value = keys.find("rope.scaling.factor");
  if (factor_value == nullptr) factor_value = keys.find("rope.scale_linear");
  const double factor = factor_value == nullptr ? 1.0 : shortest(factor_value->as_number());
  const bool scaled = type != "none" && factor != 1.0 && factor != 0.0;  // 0: not set
  // A family that holds the factors of LongRoPE completes it.
  const bool long_rope =
      type == "longrope" && std::ranges::find(family.gguf.held_by_config, kLongRopeFactors) !=
                                family.gguf.held_by_config.end();
  if (type != "none" && type != "linear" && type != "yarn" && !long_rope) {
    throw unsupported_error("{}: key '{}': rope scaling '{}' is not supported", path,
                            keys.full("rope.scaling.type"), printable(type));
  }
  if (long_rope) rope["rope_type"] = type;
  if (scaled) {
    if (factor < 0) {
      throw data_error("{}: key '{}': expected a positive number", path, factor_value->key());
    }
    rope["rope_type"] = type;
    rope["factor"] = factor;
    if (type == "yarn") add_yarn(keys, factor, rope);
  }
  return rope;
}

Json nullable(std::optional<std::uint32_t> value) {
  return value ? Json(*value) : Json(nullptr);
}

// GGUF has one key for the end of a text and one for the end of a turn, and most files set only one
// of the two. These control tokens end an answer in every model that has them.
constexpr std::array<std::string_view, 6> kEndTokens = {
    "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "</s>"};

constexpr std::int64_t kControlToken = 3;  // as tokenizer.ggml.token_type counts

std::vector<std::size_t> end_tokens(const GgufFile& file, const GgufSizes& sizes) {
  std::vector<std::size_t> ids;
  const auto add = [&ids](std::size_t id) {
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  };
  for (const std::string_view name : {"eos", "eot", "eom"}) {
    if (const auto id = gguf_token_id(file, name, sizes.vocab)) add(*id);
  }
  const GgufValue* tokens = file.find("tokenizer.ggml.tokens");
  const GgufValue* types = file.find("tokenizer.ggml.token_type");
  if (tokens == nullptr || types == nullptr) return ids;
  const std::vector<std::string_view> texts = tokens->as_strings();
  const std::vector<std::int64_t> kinds = types->as_integers();
  for (std::size_t id = 0; id < std::min({texts.size(), kinds.size(), sizes.vocab}); ++id) {
    if (kinds[id] == kControlToken && ends_answers(texts[id])) {
      add(id);
    }
  }
  return ids;
}

struct SamplingKey {
  std::string_view gguf;
  std::string_view hugging_face;
};
constexpr std::array<SamplingKey, 4> kSamplingKeys = {{{"temp", "temperature"},
                                                       {"top_p", "top_p"},
                                                       {"min_p", "min_p"},
                                                       {"penalty_repeat", "repetition_penalty"}}};

}  // namespace

bool ends_answers(std::string_view token) {
  return std::ranges::find(kEndTokens, token) != kEndTokens.end();
}

std::optional<std::uint32_t> gguf_token_id(const GgufFile& file, std::string_view name,
                                           std::size_t vocab) {
  const GgufValue* value = file.find(fmt::format("tokenizer.ggml.{}_token_id", name));
  if (value == nullptr) return std::nullopt;
  const double id = value->as_number();
  if (id < 0 || id >= static_cast<double>(vocab)) return std::nullopt;
  return static_cast<std::uint32_t>(value->as_uint());
}

Json make_gguf_config(const GgufModelKeys& keys, const GgufSizes& sizes, const Family& family) {
  const GgufFile& file = keys.file();
  Json config = {
      {"model_type", family.gguf.model_type},
      {"architectures", Json::array({family.gguf.class_name})},
      {"vocab_size", sizes.vocab},
      {"hidden_size", sizes.hidden},
      {"intermediate_size", keys.size_of_layers("feed_forward_length", kMaxWidth)},
      {"num_hidden_layers", sizes.layers},
      {"num_attention_heads", sizes.heads},
      {"num_key_value_heads", sizes.kv_heads},
      {"head_dim", sizes.head_dim},
      {"rms_norm_eps", shortest(keys.at("attention.layer_norm_rms_epsilon").as_number())},
      {"max_position_embeddings", keys.size("context_length", kMaxPositions)},
      {"tie_word_embeddings", file.find_tensor("output.weight") == nullptr},
      {"rope_parameters", rope_parameters(keys, family)},
      {"hidden_act", "silu"},
      {"attention_bias", false},
      {"eos_token_id", nullable(gguf_token_id(file, "eos", sizes.vocab))},
      {"bos_token_id", nullable(gguf_token_id(file, "bos", sizes.vocab))},
  };
  family.gguf.add_config(keys, sizes, config);
  return config;
}

std::string make_gguf_generation_config_json(const GgufFile& file, const GgufSizes& sizes) {
  Json config = Json::object();
  if (const std::vector<std::size_t> ids = end_tokens(file, sizes); !ids.empty()) {
    config["eos_token_id"] = ids;
  }
  for (const SamplingKey& key : kSamplingKeys) {
    if (const GgufValue* value = file.find(fmt::format("general.sampling.{}", key.gguf))) {
      config[key.hugging_face] = shortest(value->as_number());
    }
  }
  if (const GgufValue* top_k = file.find("general.sampling.top_k")) {
    config["top_k"] = top_k->as_uint(0, kMaxTopK);
  }
  if (const GgufValue* temperature = file.find("general.sampling.temp")) {
    config["do_sample"] = temperature->as_number() > 0;
  }
  return config.empty() ? std::string() : config.dump(2);
}

namespace {

void add_rope_keys(const ModelConfig& config, const JsonNode& document, const GgufKeyWriter& keys) {
  keys.f32("rope.freq_base", config.rope_theta);
  keys.u32("rope.dimension_count", config.rotary_dim);
  if (const auto* linear = std::get_if<LinearRope>(&config.rope_scaling)) {
    keys.metadata().add_string(keys.full("rope.scaling.type"), "linear");
    keys.f32("rope.scaling.factor", linear->factor);
  }
  const auto* yarn = std::get_if<YarnRope>(&config.rope_scaling);
  if (yarn == nullptr) return;
  if (!yarn->truncate) {
    throw unsupported_error("{}: YaRN without truncate has no key in GGUF files", document.path());
  }
  keys.metadata().add_string(keys.full("rope.scaling.type"), "yarn");
  keys.f32("rope.scaling.factor", yarn->factor);
  keys.u32("rope.scaling.original_context_length",
           static_cast<std::size_t>(yarn->original_context));
  keys.f32("rope.scaling.yarn_beta_fast", yarn->beta_fast);
  keys.f32("rope.scaling.yarn_beta_slow", yarn->beta_slow);
  // See add_yarn(): readers multiply by this magnitude themselves.
  const double attention = yarn->attention_factor / yarn_magnitude(yarn->factor);
  if (std::fabs(attention - 1.0) > 1e-6) keys.f32("rope.scaling.attn_factor", attention);
}

}  // namespace

void add_gguf_model_keys(const ModelConfig& config, const JsonNode& document,
                         GgufMetadata& metadata) {
  const GgufFamily& family = config.family->gguf;
  const GgufKeyWriter keys(metadata, family.architecture);
  keys.u32("block_count", config.layers.size());
  keys.u32("context_length", config.max_positions);
  keys.u32("embedding_length", config.hidden);
  keys.u32("feed_forward_length", config.intermediate);
  keys.u32("attention.head_count", config.heads);
  keys.u32("attention.head_count_kv", config.kv_heads);
  keys.u32("attention.key_length", config.head_dim);
  keys.u32("attention.value_length", config.head_dim);
  keys.f32("attention.layer_norm_rms_epsilon", static_cast<double>(config.rms_norm_eps));
  keys.u32("vocab_size", config.vocab_size);
  add_rope_keys(config, document, keys);
  if (family.add_keys == nullptr) return;
  family.add_keys(config, document.find("text_config").value_or(document), keys);
}

void add_gguf_sampling_keys(const JsonNode& generation_config, GgufMetadata& metadata) {
  const auto add = [&](std::string_view gguf, double value) {
    metadata.add_f32(fmt::format("general.sampling.{}", gguf), value);
  };
  const auto sample = generation_config.find("do_sample");
  const bool greedy = sample && !sample->as_bool();
  if (greedy) add("temp", 0.0);
  for (const SamplingKey& key : kSamplingKeys) {
    const auto value = generation_config.find(key.hugging_face);
    if (!value || (greedy && key.gguf == "temp")) continue;
    add(key.gguf, value->as_number());
  }
  if (const auto top_k = generation_config.find("top_k"); top_k && top_k->as_number() >= 0) {
    metadata.add_u32("general.sampling.top_k", top_k->as_uint(0, kMaxTopK));
  }
}

}  // namespace cellm
