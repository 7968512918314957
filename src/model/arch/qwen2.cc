// Qwen2 and Qwen2.5 dense (transformers models/qwen2): as Llama, with biases on q, k and v.

#include <array>

#include <nlohmann/json.hpp>

#include "chat/chat.h"
#include "model/arch/family.h"

namespace cellm {
namespace {

constexpr std::array<std::string_view, 1> kTypes{"qwen2"};

// transformers has no option for it; of a GGUF file, whether it has biases.
constexpr const char* kBiases = "cellm_qkv_bias";

constexpr auto kNames = joined(
    kDecoderNames,
    std::array<TensorNames, 3>{{{TensorRole::kQueryBias, "self_attn.q_proj.bias", "attn_q.bias"},
                                {TensorRole::kKeyBias, "self_attn.k_proj.bias", "attn_k.bias"},
                                {TensorRole::kValueBias, "self_attn.v_proj.bias", "attn_v.bias"}}});

void read(const JsonNode& text, ModelConfig& config) {
  read_layer_types(text, false, config);
  refuse_partial_rotary(text);
  refuse_option(text, "use_sliding_window");
  read_attention_heads(text, 0, config);
  config.rotary_dim = config.head_dim;
  const auto biases = text.find(kBiases);
  for (LayerSpec& layer : config.layers) layer.qkv_bias = !biases || biases->as_bool();
}

void add_gguf_config(const GgufModelKeys& keys, const GgufSizes& sizes, Json& config) {
  refuse_partial_rotary(keys, sizes);
  config["attention_bias"] = true;
  config[kBiases] = keys.file().find_tensor("blk.0.attn_q.bias") != nullptr;
}

}  // namespace

extern const Family kQwen2Family;  // listed in families.cc
const Family kQwen2Family{.name = "qwen2",
                          .model_types = kTypes,
                          .names = kNames,
                          .read = read,
                          .gguf = {.architecture = "qwen2",
                                   .model_type = "qwen2",
                                   .class_name = "Qwen2ForCausalLM",
                                   .add_config = add_gguf_config},
                          .chat_template = &kChatMlTemplate};

}  // namespace cellm
