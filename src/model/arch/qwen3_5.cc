// Qwen3.5 (transformers models/qwen3_5): gated delta nets and gated attention with partial rotary;
// norm weights are stored zero-centred, except that of the delta net.

#include <algorithm>
#include <array>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "chat/chat.h"
#include "model/arch/family.h"

namespace cellm {
namespace {

constexpr std::array<std::string_view, 2> kTypes{"qwen3_5_text", "qwen3_5"};

// Hugging Face orders value heads by the key head that they use, (key head, which of its value
// heads); GGUF files the other way round.
IndexMap value_heads(const ModelConfig& config, std::size_t first, std::size_t unit) {
  const DeltaNetConfig& net = config.delta_net;
  return {.first = first,
          .outer = net.key_heads,
          .inner = net.value_heads / net.key_heads,
          .unit = unit};
}
GgufTransform channels(const ModelConfig& config) {  // queries and keys keep their places
  const DeltaNetConfig& net = config.delta_net;
  return {.rows = value_heads(config, 2 * net.key_heads * net.key_dim, net.value_dim)};
}
GgufTransform value_rows(const ModelConfig& config) {
  return {.rows = value_heads(config, 0, config.delta_net.value_dim)};
}
GgufTransform value_columns(const ModelConfig& config) {
  return {.columns = value_heads(config, 0, config.delta_net.value_dim)};
}
GgufTransform head_rows(const ModelConfig& config) {
  return {.rows = value_heads(config, 0, 1)};
}
GgufTransform head_vector(const ModelConfig& config) {
  return {.columns = value_heads(config, 0, 1)};
}
GgufTransform decay(const ModelConfig& config) {
  return {.columns = value_heads(config, 0, 1), .values = ValueMap::kLogOfNegated};
}
GgufTransform norm_plus_one(const ModelConfig& /*config*/) {
  return {.values = ValueMap::kMinusOne};
}

constexpr std::array<TensorNames, 23> kNames{{
    {TensorRole::kEmbedding, "embed_tokens.weight", "token_embd.weight"},
    {TensorRole::kInputNorm, "input_layernorm.weight", "attn_norm.weight", norm_plus_one},
    {TensorRole::kQuery, "self_attn.q_proj.weight", "attn_q.weight"},
    {TensorRole::kKey, "self_attn.k_proj.weight", "attn_k.weight"},
    {TensorRole::kValue, "self_attn.v_proj.weight", "attn_v.weight"},
    {TensorRole::kAttentionOutput, "self_attn.o_proj.weight", "attn_output.weight"},
    {TensorRole::kQueryNorm, "self_attn.q_norm.weight", "attn_q_norm.weight", norm_plus_one},
    {TensorRole::kKeyNorm, "self_attn.k_norm.weight", "attn_k_norm.weight", norm_plus_one},
    {TensorRole::kDeltaInput, "linear_attn.in_proj_qkv.weight", "attn_qkv.weight", channels},
    {TensorRole::kDeltaGate, "linear_attn.in_proj_z.weight", "attn_gate.weight", value_rows},
    {TensorRole::kDeltaBeta, "linear_attn.in_proj_b.weight", "ssm_beta.weight", head_rows},
    {TensorRole::kDeltaAlpha, "linear_attn.in_proj_a.weight", "ssm_alpha.weight", head_rows},
    {TensorRole::kDeltaOutput, "linear_attn.out_proj.weight", "ssm_out.weight", value_columns},
    {TensorRole::kDeltaConv, "linear_attn.conv1d.weight", "ssm_conv1d.weight", channels},
    {TensorRole::kDeltaRate, "linear_attn.A_log", "ssm_a", decay},
    {TensorRole::kDeltaBias, "linear_attn.dt_bias", "ssm_dt.bias", head_vector},
    {TensorRole::kDeltaNorm, "linear_attn.norm.weight", "ssm_norm.weight"},
    {TensorRole::kPostNorm, "post_attention_layernorm.weight", "post_attention_norm.weight",
     norm_plus_one},
    {TensorRole::kGate, "mlp.gate_proj.weight", "ffn_gate.weight"},
    {TensorRole::kUp, "mlp.up_proj.weight", "ffn_up.weight"},
    {TensorRole::kDown, "mlp.down_proj.weight", "ffn_down.weight"},
    {TensorRole::kFinalNorm, "norm.weight", "output_norm.weight", norm_plus_one},
    {TensorRole::kOutput, "lm_head.weight", "output.weight"},
}};

constexpr std::size_t kDefaultHeadDim = 256;
constexpr double kDefaultPartialRotary = 0.25;

// Inside rope_parameters (or rope_scaling), or one level up.
double partial_rotary_factor(const JsonNode& text) {
  for (const char* holder : {"rope_parameters", "rope_scaling"}) {
    const auto rope = text.find(holder);
    const auto factor = rope ? rope->find("partial_rotary_factor") : std::nullopt;
    if (factor) return factor->as_number();
  }
  const auto factor = text.find("partial_rotary_factor");
  return factor ? factor->as_number() : kDefaultPartialRotary;
}

void read(const JsonNode& text, ModelConfig& config) {
  read_layer_types(text, true, config);
  refuse_option(text, "attention_bias");
  read_attention_heads(text, kDefaultHeadDim, config);
  config.norm_offset = 1.0F;
  for (LayerSpec& layer : config.layers) {
    layer.qk_norm = true;
    // transformers ignores attn_output_gate: q_proj always has queries and gates.
    layer.output_gate = true;
  }

  const double factor = partial_rotary_factor(text);
  if (!(factor > 0.0 && factor <= 1.0)) {
    throw data_error("{}: partial_rotary_factor {} is not in (0, 1]", text.path(), factor);
  }
  config.rotary_dim = static_cast<std::size_t>(static_cast<double>(config.head_dim) * factor);

  auto& net = config.delta_net;
  net.conv_kernel = text.at("linear_conv_kernel_dim").as_uint(1, kMaxConvKernel);
  net.key_heads = text.at("linear_num_key_heads").as_uint(1, kMaxHeads);
  net.value_heads = text.at("linear_num_value_heads").as_uint(1, kMaxHeads);
  net.key_dim = text.at("linear_key_head_dim").as_uint(1, kMaxHeadDim);
  net.value_dim = text.at("linear_value_head_dim").as_uint(1, kMaxHeadDim);
  if (net.value_heads % net.key_heads != 0) {
    throw data_error("{}: {} value heads are not a multiple of {} key heads", text.path(),
                     net.value_heads, net.key_heads);
  }
}

// The key-value heads of each layer, as Ollama writes them; empty if there is one number for all or
// no layer is without.
std::vector<std::int64_t> keys_of_layers(const GgufModelKeys& keys) {
  const GgufValue* value = keys.find("attention.head_count_kv");
  if (value == nullptr || value->type() != GgufType::kArray) return {};
  std::vector<std::int64_t> heads = value->as_integers();
  if (std::find(heads.begin(), heads.end(), 0) == heads.end()) return {};
  return heads;
}

// The layers are listed, or those without key-value heads are linear, or every interval-th one has
// full attention.
Json gguf_layer_types(const GgufModelKeys& keys, const GgufSizes& sizes) {
  std::vector<bool> linear(sizes.layers);
  if (const GgufValue* listed = keys.find("attention.recurrent_layers")) {
    const std::vector<std::int64_t> values = listed->as_integers();
    if (values.size() != sizes.blocks) {
      throw data_error("{}: key '{}' has {} entries for {} blocks", keys.file().path(),
                       listed->key(), values.size(), sizes.blocks);
    }
    for (std::size_t i = 0; i < sizes.layers; ++i) linear[i] = values[i] != 0;
  } else if (const std::vector<std::int64_t> heads = keys_of_layers(keys); !heads.empty()) {
    if (heads.size() < sizes.layers) {
      throw data_error("{}: key '{}' has {} entries for {} blocks", keys.file().path(),
                       keys.full("attention.head_count_kv"), heads.size(), sizes.blocks);
    }
    for (std::size_t i = 0; i < sizes.layers; ++i) linear[i] = heads[i] == 0;
  } else {
    const std::size_t interval = keys.size_or("full_attention_interval", kMaxLayers, 4);
    for (std::size_t i = 0; i < sizes.layers; ++i) linear[i] = (i + 1) % interval != 0;
  }
  Json types = Json::array();
  for (const bool is_linear : linear) {
    types.push_back(is_linear ? "linear_attention" : "full_attention");
  }
  return types;
}

void add_gguf_rope(const GgufModelKeys& keys, const GgufSizes& sizes, Json& rope) {
  const std::size_t rotated = keys.size("rope.dimension_count", sizes.head_dim);
  rope["partial_rotary_factor"] =
      static_cast<double>(rotated) / static_cast<double>(sizes.head_dim);
  std::vector<std::int64_t> sections = keys.at("rope.dimension_sections").as_integers();
  if (sections.size() < 3 || sections.size() > 4) {
    throw data_error("{}: key '{}': expected 3 or 4 sections, found {}", keys.file().path(),
                     keys.full("rope.dimension_sections"), sections.size());
  }
  sections.resize(3);  // the fourth is for models with four position streams
  rope["mrope_section"] = sections;
  rope["mrope_interleaved"] = true;
}

void add_gguf_config(const GgufModelKeys& keys, const GgufSizes& sizes, Json& config) {
  add_gguf_rope(keys, sizes, config["rope_parameters"]);
  config["layer_types"] = gguf_layer_types(keys, sizes);
  const std::size_t key_heads = keys.size("ssm.group_count", kMaxHeads);
  const std::size_t value_heads = keys.size("ssm.time_step_rank", kMaxHeads);
  const std::size_t inner = keys.size("ssm.inner_size", kMaxWidth);
  if (value_heads % key_heads != 0 || inner % value_heads != 0) {
    throw data_error("{}: {} key heads, {} value heads and an inner size of {} do not divide",
                     keys.file().path(), key_heads, value_heads, inner);
  }
  config["linear_conv_kernel_dim"] = keys.size("ssm.conv_kernel", kMaxConvKernel);
  config["linear_key_head_dim"] = keys.size("ssm.state_size", kMaxHeadDim);
  config["linear_value_head_dim"] = inner / value_heads;
  config["linear_num_key_heads"] = key_heads;
  config["linear_num_value_heads"] = value_heads;
}

// The positions of a text are the same in all sections.
std::vector<std::int32_t> rope_sections(const ModelConfig& config, const JsonNode& text) {
  std::vector<std::int32_t> sections;
  const auto rope = text.find("rope_parameters");
  if (const auto given = rope ? rope->find("mrope_section") : std::nullopt) {
    for (const JsonNode& size : given->as_array(3)) {
      sections.push_back(static_cast<std::int32_t>(size.as_uint(0, kMaxHeadDim)));
    }
  } else {
    const std::size_t pairs = config.rotary_dim / 2;
    for (const std::size_t more : {2U, 1U, 0U}) {
      sections.push_back(static_cast<std::int32_t>((pairs + more) / 3));
    }
  }
  sections.resize(4);  // for models with four position streams
  return sections;
}

void add_gguf_keys(const ModelConfig& config, const JsonNode& text, const GgufKeyWriter& keys) {
  keys.metadata().add_i32s(keys.full("rope.dimension_sections"), rope_sections(config, text));
  std::vector<bool> linear;
  std::size_t interval = 0;  // of the first layer with full attention
  for (const LayerSpec& layer : config.layers) {
    linear.push_back(layer.mixer == MixerKind::kGatedDeltaNet);
    if (interval == 0 && !linear.back()) interval = linear.size();
  }
  bool regular = interval != 0;
  for (std::size_t i = 0; regular && i < linear.size(); ++i) {
    regular = linear[i] == ((i + 1) % interval != 0);
  }
  keys.metadata().add_bools(keys.full("attention.recurrent_layers"), linear);
  if (regular) keys.u32("full_attention_interval", interval);  // older readers know this one only
  const DeltaNetConfig& net = config.delta_net;
  keys.u32("ssm.conv_kernel", net.conv_kernel);
  keys.u32("ssm.state_size", net.key_dim);
  keys.u32("ssm.group_count", net.key_heads);
  keys.u32("ssm.time_step_rank", net.value_heads);
  keys.u32("ssm.inner_size", net.value_heads * net.value_dim);
}

}  // namespace

extern const Family kQwen35Family;  // listed in families.cc
const Family kQwen35Family{.name = "qwen3_5",
                           .model_types = kTypes,
                           .names = kNames,
                           .read = read,
                           .gguf = {.architecture = "qwen35",
                                    .model_type = "qwen3_5_text",
                                    .class_name = "Qwen3_5ForCausalLM",
                                    .add_config = add_gguf_config,
                                    .add_keys = add_gguf_keys,
                                    .may_predict_further = true},
                           .chat_template = &kQwen35Template};

}  // namespace cellm
