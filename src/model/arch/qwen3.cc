// Qwen3 dense (transformers models/qwen3): as Llama, with an RMS norm on each head of q and k.

#include <array>

#include "model/arch/family.h"

namespace cellm {
namespace {

constexpr std::array<std::string_view, 1> kTypes{"qwen3"};
constexpr auto kNames = joined(kDecoderNames, kQkNormNames);
constexpr std::size_t kDefaultHeadDim = 128;

void read(const JsonNode& text, ModelConfig& config) {
  read_layer_types(text, false, config);
  refuse_option(text, "attention_bias");
  refuse_partial_rotary(text);
  refuse_option(text, "use_sliding_window");
  read_attention_heads(text, kDefaultHeadDim, config);
  config.rotary_dim = config.head_dim;
  for (LayerSpec& layer : config.layers) layer.qk_norm = true;
}

}  // namespace

extern const Family kQwen3Family;  // listed in families.cc
const Family kQwen3Family{"qwen3", kTypes, kNames, read};

}  // namespace cellm
