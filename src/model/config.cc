#include "model/config.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "model/arch/family.h"
#include "model/rope.h"

namespace cellm {
namespace {

const Family& family_of(const JsonNode& text, const std::string& model_type) {
  std::vector<std::string_view> known;
  for (const auto* family : families()) {
    for (const auto type : family->model_types) {
      if (type == model_type) return *family;
      known.push_back(type);
    }
  }
  throw unsupported_error("{} model_type \"{}\" is not supported; cellm runs {}", text.path(),
                          printable(model_type), fmt::join(known, ", "));
}

// transformers' classes of other tasks have the same text model and another head.
void refuse_other_tasks(const JsonNode& root) {
  constexpr std::array<std::string_view, 4> kTasks{"Classification", "QuestionAnswering",
                                                   "MultipleChoice", "RewardModel"};
  const auto classes = root.find("architectures");
  if (!classes || !classes->is_array()) return;
  for (const JsonNode& node : classes->as_array()) {
    if (!node.is_string()) continue;
    const std::string name = node.as_string();
    for (const std::string_view task : kTasks) {
      if (!name.ends_with(task)) continue;
      throw unsupported_error("{} \"{}\" is no language model", node.path(), printable(name));
    }
  }
}

void read_eos_ids(const JsonNode& node, ModelConfig& config) {
  const auto eos = node.find("eos_token_id");
  if (!eos) return;
  const auto ids = eos->is_array() ? eos->as_array(kMaxEosIds) : std::vector<JsonNode>{*eos};
  for (const auto& id : ids) {
    const auto value = static_cast<std::uint32_t>(id.as_uint(0, kMaxVocabRows));
    if (std::find(config.eos_ids.begin(), config.eos_ids.end(), value) == config.eos_ids.end()) {
      config.eos_ids.push_back(value);
    }
  }
}

void validate(const JsonNode& text, const ModelConfig& config) {
  if (config.heads % config.kv_heads != 0) {
    throw data_error("{} {} attention heads are not a multiple of {} key-value heads", text.path(),
                     config.heads, config.kv_heads);
  }
  if (config.rotary_dim == 0 || config.rotary_dim % 2 != 0 || config.rotary_dim > config.head_dim) {
    throw data_error("{} {} rotary dimensions of a head of {}: expected an even number up to it",
                     text.path(), config.rotary_dim, config.head_dim);
  }
  validate_rope(text, config);
}

}  // namespace

void read_attention_heads(const JsonNode& text, std::size_t default_head_dim, ModelConfig& config) {
  config.heads = text.at("num_attention_heads").as_uint(1, kMaxHeads);
  const auto kv_heads = text.find("num_key_value_heads");
  config.kv_heads = kv_heads ? kv_heads->as_uint(1, kMaxHeads) : config.heads;
  const auto head_dim = text.find("head_dim");
  if (head_dim) {
    config.head_dim = head_dim->as_uint(1, kMaxHeadDim);
  } else if (default_head_dim != 0) {
    config.head_dim = default_head_dim;
  } else {
    if (config.hidden % config.heads != 0) {
      throw data_error("{} hidden_size {} is not a multiple of {} heads and head_dim is missing",
                       text.path(), config.hidden, config.heads);
    }
    config.head_dim = config.hidden / config.heads;
  }
}

void read_layer_types(const JsonNode& text, bool delta_nets_allowed, ModelConfig& config) {
  const std::size_t count = text.at("num_hidden_layers").as_uint(1, kMaxLayers);
  config.layers.assign(count, LayerSpec{});
  if (const auto types = text.find("layer_types")) {
    const auto nodes = types->as_array(kMaxLayers);
    if (nodes.size() != count) {
      throw data_error("{}: {} entries for {} layers", types->path(), nodes.size(), count);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::string type = nodes[i].as_string();
      if (type == "linear_attention" && delta_nets_allowed) {
        config.layers[i].mixer = MixerKind::kGatedDeltaNet;
      } else if (type != "full_attention") {
        throw unsupported_error("{}: layer type \"{}\" is not supported for this model",
                                nodes[i].path(), printable(type));
      }
    }
  } else if (delta_nets_allowed) {
    constexpr std::uint64_t kDefaultInterval = 4;
    const auto interval_node = text.find("full_attention_interval");
    const std::uint64_t interval =
        interval_node ? interval_node->as_uint(1, kMaxLayers) : kDefaultInterval;
    for (std::size_t i = 0; i < count; ++i) {
      if ((i + 1) % interval != 0) config.layers[i].mixer = MixerKind::kGatedDeltaNet;
    }
  }
}

void refuse_option(const JsonNode& text, std::string_view key) {
  const auto node = text.find(key);
  if (node && node->as_bool()) throw unsupported_error("{} is not supported", node->path());
}

void refuse_partial_rotary(const JsonNode& text) {
  auto factor = text.find("partial_rotary_factor");
  for (const char* holder : {"rope_parameters", "rope_scaling"}) {
    const auto rope = text.find(holder);
    if (auto inside = rope ? rope->find("partial_rotary_factor") : std::nullopt) factor = inside;
  }
  if (factor && factor->as_number() != 1.0) {
    throw unsupported_error("{} {} is not supported for this model", factor->path(),
                            factor->as_number());
  }
}

void refuse_partial_rotary(const GgufModelKeys& keys, const GgufSizes& sizes) {
  const std::size_t rotated = keys.size_or("rope.dimension_count", kMaxHeadDim, sizes.head_dim);
  if (rotated != sizes.head_dim || rotated % 2 != 0) {
    throw unsupported_error("{}: key '{}': rotating {} of {} numbers per head is not supported",
                            keys.file().path(), keys.full("rope.dimension_count"), rotated,
                            sizes.head_dim);
  }
}

ModelConfig parse_model_config(std::string_view json, std::string_view source) {
  return read_model_config(parse_python_json(json, source), source);
}

ModelConfig read_model_config(const Json& document, std::string_view source) {
  const JsonNode root(document, std::string(source) + ":");
  const JsonNode text = root.find("text_config").value_or(root);
  auto type_node = text.find("model_type");
  if (!type_node) type_node = root.at("model_type");

  ModelConfig config;
  config.model_type = type_node->as_string();
  const Family& family = family_of(text, config.model_type);
  config.family = &family;
  refuse_other_tasks(root);
  if (const auto act = text.find("hidden_act"); act && act->as_string() != "silu") {
    throw unsupported_error("{} \"{}\" is not supported; cellm has silu", act->path(),
                            printable(act->as_string()));
  }
  config.vocab_size = text.at("vocab_size").as_uint(1, kMaxVocabRows);
  config.hidden = text.at("hidden_size").as_uint(1, kMaxWidth);
  config.intermediate = text.at("intermediate_size").as_uint(1, kMaxWidth);
  const auto positions = text.find("max_position_embeddings");
  config.max_positions =
      positions ? positions->as_uint(1, kMaxPositions) : family.default_max_positions;
  if (!positions) {
    config.notes.push_back(
        fmt::format("max_position_embeddings is missing; {} are assumed, the default of {} models",
                    config.max_positions, family.name));
  }
  if (const auto eps = text.find("rms_norm_eps")) {
    const double value = eps->as_number();
    if (!(value >= 0.0 && value <= kMaxEpsilon)) {
      throw data_error("{}: expected 0 to {}, found {}", eps->path(), kMaxEpsilon, value);
    }
    config.rms_norm_eps = static_cast<float>(value);
  }
  // A multimodal config.json may have it twice. transformers ties by the root's; one that is only
  // in text_config counts too.
  for (const JsonNode& node : {root, text}) {
    const auto tied = node.find("tie_word_embeddings");
    if (tied) config.tied_embedding = config.tied_embedding.value_or(false) || tied->as_bool();
  }
  read_eos_ids(text, config);
  read_eos_ids(root, config);
  read_rope(text, config);
  family.read(text, config);
  validate(text, config);
  return config;
}

std::size_t conv_channels(const DeltaNetConfig& net) {
  return 2 * net.key_heads * net.key_dim + net.value_heads * net.value_dim;
}

}  // namespace cellm
