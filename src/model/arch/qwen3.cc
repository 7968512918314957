// Qwen3 dense (transformers models/qwen3): as Llama, with an RMS norm on each head of q and k.

#include <array>

#include <nlohmann/json.hpp>

#include "chat/chat.h"
#include "model/arch/family.h"

namespace cellm {
namespace {

constexpr std::array<std::string_view, 1> kTypes{"qwen3"};
constexpr std::size_t kDefaultHeadDim = 128;

constexpr auto kNames = joined(
    kDecoderNames, std::array<TensorNames, 2>{
                       {{TensorRole::kQueryNorm, "self_attn.q_norm.weight", "attn_q_norm.weight"},
                        {TensorRole::kKeyNorm, "self_attn.k_norm.weight", "attn_k_norm.weight"}}});

void read(const JsonNode& text, ModelConfig& config) {
  read_layer_types(text, false, config);
  refuse_option(text, "attention_bias");
  refuse_partial_rotary(text);
  refuse_option(text, "use_sliding_window");
  read_attention_heads(text, kDefaultHeadDim, config);
  config.rotary_dim = config.head_dim;
  for (LayerSpec& layer : config.layers) layer.qk_norm = true;
}

void add_gguf_config(const GgufModelKeys& keys, const GgufSizes& sizes, Json& /*config*/) {
  refuse_partial_rotary(keys, sizes);
}

}  // namespace

extern const Family kQwen3Family;  // listed in families.cc
const Family kQwen3Family{.name = "qwen3",
                          .model_types = kTypes,
                          .names = kNames,
                          .read = read,
                          .gguf = {.architecture = "qwen3",
                                   .model_type = "qwen3",
                                   .class_name = "Qwen3ForCausalLM",
                                   .add_config = add_gguf_config},
                          .chat_template = &kQwen3Template};

}  // namespace cellm
