#include "io/gguf_config.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"

namespace cellm {
namespace {

constexpr std::size_t kMaxLayers = 4096;
constexpr std::size_t kMaxHeads = 1U << 16;
constexpr std::size_t kMaxHeadDim = 1U << 16;
constexpr std::size_t kMaxWidth = 1U << 24;  // hidden and intermediate sizes
constexpr std::size_t kMaxVocab = 1U << 28;
constexpr std::size_t kMaxConvKernel = 64;
constexpr std::size_t kMaxContext = 1U << 30;

struct ArchName {
  GgufArch arch;
  std::string_view gguf;
  std::string_view model_type;
  std::string_view class_name;
};
constexpr std::array<ArchName, 3> kArchs = {{
    {GgufArch::kLlama, "llama", "llama", "LlamaForCausalLM"},
    {GgufArch::kQwen3, "qwen3", "qwen3", "Qwen3ForCausalLM"},
    {GgufArch::kQwen35, "qwen35", "qwen3_5_text", "Qwen3_5ForCausalLM"},
}};

// Keys that change what the model computes in ways that cellm does not have; 0 (false) means
// unused.
constexpr std::array<std::string_view, 9> kRefusedKeys = {
    "expert_count",
    "logit_scale",
    "residual_scale",
    "embedding_scale",
    "attention.scale",
    "attention.clamp_kqv",
    "attention.max_alibi_bias",
    "attention.sliding_window",
    "final_logit_softcapping",
};

const ArchName& arch_name(GgufArch arch) {
  return *std::ranges::find(kArchs, arch, &ArchName::arch);
}

// The keys of the model's own architecture.
class ModelKeys {
 public:
  ModelKeys(const GgufFile& file, GgufArch arch) : file_(file), arch_(arch_name(arch).gguf) {}

  std::string full(std::string_view name) const { return fmt::format("{}.{}", arch_, name); }
  const GgufValue* find(std::string_view name) const { return file_.find(full(name)); }
  const GgufValue& at(std::string_view name) const { return file_.at(full(name)); }
  std::size_t size(std::string_view name, std::size_t max) const {
    return at(name).as_uint(1, max);
  }
  std::size_t size_or(std::string_view name, std::size_t max, std::size_t fallback) const {
    return find(name) == nullptr ? fallback : size(name, max);
  }

 private:
  const GgufFile& file_;
  std::string_view arch_;
};

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

const GgufTensor* find_stored(const GgufFile& file, std::string_view name) {
  const auto it = std::ranges::lower_bound(file.tensors(), name, {}, &GgufTensor::name);
  return it != file.tensors().end() && it->name == name ? &*it : nullptr;
}

GgufArch read_arch(const GgufFile& file) {
  const std::string_view name = file.at("general.architecture").as_string();
  const auto it = std::ranges::find(kArchs, name, &ArchName::gguf);
  if (it != kArchs.end()) return it->arch;
  throw unsupported_error("{}: architecture '{}' is not supported; supported: llama, qwen3, qwen35",
                          file.path(), printable(name));
}

void refuse_features(const GgufFile& file, const ModelKeys& keys) {
  if (const GgufValue* count = file.find("split.count"); count != nullptr && count->as_uint() > 1) {
    throw unsupported_error(
        "{}: is one of {} parts of a model; merge them first (llama-gguf-split --merge)",
        file.path(), count->as_uint());
  }
  for (const std::string_view name : kRefusedKeys) {
    const GgufValue* value = keys.find(name);
    if (value != nullptr && value->as_number() != 0) {
      throw unsupported_error("{}: key '{}' is {}, a feature that is not supported", file.path(),
                              keys.full(name), value->as_number());
    }
  }
  const GgufValue* causal = keys.find("attention.causal");
  if (causal != nullptr && !causal->as_bool()) {
    throw unsupported_error("{}: key '{}' is false; only causal attention is supported",
                            file.path(), keys.full("attention.causal"));
  }
}

void read_head_dim(const GgufFile& file, const ModelKeys& keys, GgufModel& model) {
  if (keys.find("attention.key_length") != nullptr) {
    model.head_dim = keys.size("attention.key_length", kMaxHeadDim);
  } else if (model.hidden % model.heads == 0) {
    model.head_dim = model.hidden / model.heads;
  } else {
    throw data_error("{}: key '{}' is missing and {} is no multiple of {} heads", file.path(),
                     keys.full("attention.key_length"), model.hidden, model.heads);
  }
  const std::size_t value_length =
      keys.size_or("attention.value_length", kMaxHeadDim, model.head_dim);
  if (value_length != model.head_dim) {
    throw unsupported_error("{}: keys of {} and values of {} numbers per head are not supported",
                            file.path(), model.head_dim, value_length);
  }
  if (model.arch == GgufArch::kQwen35) return;  // rotates a part, see rope_parameters()
  const std::size_t rotated = keys.size_or("rope.dimension_count", kMaxHeadDim, model.head_dim);
  if (rotated != model.head_dim || rotated % 2 != 0) {
    throw unsupported_error("{}: key '{}': rotating {} of {} numbers per head is not supported",
                            file.path(), keys.full("rope.dimension_count"), rotated,
                            model.head_dim);
  }
}

// The layers are listed, or every interval-th one has full attention.
std::vector<bool> read_linear_layers(const GgufFile& file, const ModelKeys& keys,
                                     const GgufModel& model) {
  std::vector<bool> linear(model.layers);
  const GgufValue* listed = keys.find("attention.recurrent_layers");
  if (listed == nullptr) {
    const std::size_t interval = keys.size_or("full_attention_interval", kMaxLayers, 4);
    for (std::size_t i = 0; i < model.layers; ++i) linear[i] = (i + 1) % interval != 0;
    return linear;
  }
  const std::vector<std::int64_t> values = listed->as_integers();
  if (values.size() != model.blocks) {
    throw data_error("{}: key '{}' has {} entries for {} blocks", file.path(), listed->key(),
                     values.size(), model.blocks);
  }
  for (std::size_t i = 0; i < model.layers; ++i) linear[i] = values[i] != 0;
  return linear;
}

void read_qwen35(const GgufFile& file, const ModelKeys& keys, GgufModel& model) {
  model.linear_layers = read_linear_layers(file, keys, model);
  model.conv_kernel = keys.size("ssm.conv_kernel", kMaxConvKernel);
  model.key_heads = keys.size("ssm.group_count", kMaxHeads);
  model.value_heads = keys.size("ssm.time_step_rank", kMaxHeads);
  model.key_dim = keys.size("ssm.state_size", kMaxHeadDim);
  const std::size_t inner = keys.size("ssm.inner_size", kMaxWidth);
  if (model.value_heads % model.key_heads != 0 || inner % model.value_heads != 0) {
    throw data_error("{}: {} key heads, {} value heads and an inner size of {} do not divide",
                     file.path(), model.key_heads, model.value_heads, inner);
  }
  model.value_dim = inner / model.value_heads;
}

Json rope_parameters(const GgufFile& file, const ModelKeys& keys, const GgufModel& model) {
  Json rope = {{"rope_type", "default"}};
  // Llama 1 and 2 files do not always say it; later models have their own.
  const GgufValue* theta =
      model.arch == GgufArch::kLlama ? keys.find("rope.freq_base") : &keys.at("rope.freq_base");
  rope["rope_theta"] = theta == nullptr ? 10000.0 : shortest(theta->as_number());

  // "linear" is the default type, which a factor of 1 leaves without effect.
  const GgufValue* type_value = keys.find("rope.scaling.type");
  const std::string_view type = type_value == nullptr ? "linear" : type_value->as_string();
  const GgufValue* factor_value = keys.find("rope.scaling.factor");
  if (factor_value == nullptr) factor_value = keys.find("rope.scale_linear");
  const double factor = factor_value == nullptr ? 1.0 : shortest(factor_value->as_number());
  const bool scaled = type != "none" && factor != 1.0 && factor != 0.0;  // 0: not set
  if (type != "none" && type != "linear" && (scaled || type != "yarn")) {
    throw unsupported_error("{}: key '{}': rope scaling '{}' is not supported", file.path(),
                            keys.full("rope.scaling.type"), printable(type));
  }
  if (scaled) {
    if (factor < 0) {
      throw data_error("{}: key '{}': expected a positive number", file.path(),
                       factor_value->key());
    }
    rope["rope_type"] = "linear";
    rope["factor"] = factor;
  }

  if (model.arch == GgufArch::kQwen35) {
    const std::size_t rotated = keys.size("rope.dimension_count", model.head_dim);
    rope["partial_rotary_factor"] =
        static_cast<double>(rotated) / static_cast<double>(model.head_dim);
    std::vector<std::int64_t> sections = keys.at("rope.dimension_sections").as_integers();
    if (sections.size() < 3 || sections.size() > 4) {
      throw data_error("{}: key '{}': expected 3 or 4 sections, found {}", file.path(),
                       keys.full("rope.dimension_sections"), sections.size());
    }
    sections.resize(3);  // the fourth is for models with four position streams
    rope["mrope_section"] = sections;
    rope["mrope_interleaved"] = true;
  }

  const GgufTensor* factors = find_stored(file, "rope_freqs.weight");
  if (model.arch == GgufArch::kLlama && factors != nullptr) {
    if (factors->shape != std::vector<std::size_t>{model.head_dim / 2}) {
      throw data_error("{}: tensor 'rope_freqs.weight': expected {} numbers", file.path(),
                       model.head_dim / 2);
    }
    if (scaled) {
      throw unsupported_error("{}: both '{}' and tensor 'rope_freqs.weight' are there", file.path(),
                              factor_value->key());
    }
    std::vector<float> values(model.head_dim / 2);
    factors->read_rows(0, 1, values.data());
    for (const float value : values) {
      if (!(value > 0 && value <= 1e6F)) {
        throw data_error("{}: tensor 'rope_freqs.weight': expected positive factors, found {}",
                         file.path(), value);
      }
    }
    rope["rope_type"] = "cellm_rope_factors";
    rope["factors"] = values;  // f32 is exact in JSON's doubles
  }
  return rope;
}

// The id under a tokenizer key, checked against the vocabulary; nothing if the file has none.
std::optional<std::size_t> token_id(const GgufFile& file, const GgufModel& model,
                                    std::string_view name) {
  const GgufValue* value = file.find(fmt::format("tokenizer.ggml.{}_token_id", name));
  if (value == nullptr) return std::nullopt;
  return value->as_uint(0, model.vocab - 1);
}

Json nullable(std::optional<std::size_t> value) {
  return value ? Json(*value) : Json(nullptr);
}

// GGUF has one key for the end of a text and one for the end of a turn, and most files set only one
// of the two. These control tokens end an answer in every model that has them.
constexpr std::array<std::string_view, 6> kEndTokens = {
    "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "</s>"};

std::vector<std::size_t> end_tokens(const GgufFile& file, const GgufModel& model) {
  std::vector<std::size_t> ids;
  const auto add = [&ids](std::size_t id) {
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  };
  for (const std::string_view name : {"eos", "eot", "eom"}) {
    if (const auto id = token_id(file, model, name)) add(*id);
  }
  const GgufValue* tokens = file.find("tokenizer.ggml.tokens");
  const GgufValue* types = file.find("tokenizer.ggml.token_type");
  if (tokens == nullptr || types == nullptr) return ids;
  constexpr std::int64_t kControl = 3;
  const std::vector<std::string_view> texts = tokens->as_strings();
  const std::vector<std::int64_t> kinds = types->as_integers();
  for (std::size_t id = 0; id < std::min({texts.size(), kinds.size(), model.vocab}); ++id) {
    if (kinds[id] == kControl && std::ranges::find(kEndTokens, texts[id]) != kEndTokens.end()) {
      add(id);
    }
  }
  return ids;
}

}  // namespace

GgufModel read_gguf_model(const GgufFile& file) {
  GgufModel model;
  model.arch = read_arch(file);
  const ModelKeys keys(file, model.arch);
  refuse_features(file, keys);

  model.blocks = keys.size("block_count", kMaxLayers);
  model.layers = model.blocks;
  if (const GgufValue* extra = keys.find("nextn_predict_layers"); extra != nullptr) {
    model.layers -= extra->as_uint(0, model.blocks - 1);
  }
  if (model.layers != model.blocks && model.arch != GgufArch::kQwen35) {
    throw unsupported_error("{}: key '{}' is supported for qwen35 only", file.path(),
                            keys.full("nextn_predict_layers"));
  }
  model.hidden = keys.size("embedding_length", kMaxWidth);
  model.heads = keys.size("attention.head_count", kMaxHeads);
  model.kv_heads = keys.size_or("attention.head_count_kv", kMaxHeads, model.heads);
  if (model.heads % model.kv_heads != 0) {
    throw data_error("{}: {} heads are no multiple of {} key/value heads", file.path(), model.heads,
                     model.kv_heads);
  }
  read_head_dim(file, keys, model);
  if (model.arch == GgufArch::kQwen35) read_qwen35(file, keys, model);

  const GgufTensor* embedding = find_stored(file, "token_embd.weight");
  if (embedding == nullptr) {
    throw data_error("{}: tensor 'token_embd.weight' is missing", file.path());
  }
  if (embedding->shape.size() != 2 || embedding->cols() != model.hidden ||
      embedding->rows() > kMaxVocab) {
    throw data_error("{}: tensor 'token_embd.weight': expected (vocabulary, {}), found ({})",
                     file.path(), model.hidden, fmt::join(embedding->shape, ", "));
  }
  model.vocab = embedding->rows();
  return model;
}

std::string make_gguf_config_json(const GgufFile& file, const GgufModel& model) {
  const ModelKeys keys(file, model.arch);
  const ArchName& names = arch_name(model.arch);
  Json config = {
      {"model_type", names.model_type},
      {"architectures", Json::array({names.class_name})},
      {"vocab_size", model.vocab},
      {"hidden_size", model.hidden},
      {"intermediate_size", keys.size("feed_forward_length", kMaxWidth)},
      {"num_hidden_layers", model.layers},
      {"num_attention_heads", model.heads},
      {"num_key_value_heads", model.kv_heads},
      {"head_dim", model.head_dim},
      {"rms_norm_eps", shortest(keys.at("attention.layer_norm_rms_epsilon").as_number())},
      {"max_position_embeddings", keys.size("context_length", kMaxContext)},
      {"tie_word_embeddings", find_stored(file, "output.weight") == nullptr},
      {"rope_parameters", rope_parameters(file, keys, model)},
      {"hidden_act", "silu"},
      {"attention_bias", false},
      {"eos_token_id", nullable(token_id(file, model, "eos"))},
      {"bos_token_id", nullable(token_id(file, model, "bos"))},
  };
  if (model.arch == GgufArch::kQwen35) {
    Json layer_types = Json::array();
    for (const bool linear : model.linear_layers) {
      layer_types.push_back(linear ? "linear_attention" : "full_attention");
    }
    config["layer_types"] = std::move(layer_types);
    config["linear_conv_kernel_dim"] = model.conv_kernel;
    config["linear_key_head_dim"] = model.key_dim;
    config["linear_value_head_dim"] = model.value_dim;
    config["linear_num_key_heads"] = model.key_heads;
    config["linear_num_value_heads"] = model.value_heads;
  }
  return config.dump(2);
}

std::string make_gguf_generation_config_json(const GgufFile& file, const GgufModel& model) {
  Json config = Json::object();
  if (const std::vector<std::size_t> ids = end_tokens(file, model); !ids.empty()) {
    config["eos_token_id"] = ids;
  }
  struct Sampling {
    std::string_view gguf;
    std::string_view hugging_face;
  };
  constexpr std::array<Sampling, 4> kSampling = {{{"temp", "temperature"},
                                                  {"top_p", "top_p"},
                                                  {"min_p", "min_p"},
                                                  {"penalty_repeat", "repetition_penalty"}}};
  for (const Sampling& key : kSampling) {
    if (const GgufValue* value = file.find(fmt::format("general.sampling.{}", key.gguf))) {
      config[key.hugging_face] = shortest(value->as_number());
    }
  }
  if (const GgufValue* top_k = file.find("general.sampling.top_k")) {
    config["top_k"] = top_k->as_uint(0, kMaxVocab);
  }
  if (const GgufValue* temperature = file.find("general.sampling.temp")) {
    config["do_sample"] = temperature->as_number() > 0;
  }
  return config.empty() ? std::string() : config.dump(2);
}

}  // namespace cellm
