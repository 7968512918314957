// Qwen3 dense (transformers models/qwen3): as Llama, with an RMS norm on each head of q and k.

#include <array>

#include "model/arch/family.h"

namespace cellm {
namespace {

constexpr std::array<std::string_view, 1> kTypes{"qwen3"};
constexpr std::size_t kDefaultHeadDim = 128;

void read(const JsonNode& text, ModelConfig& config) {
  refuse_option(text, "attention_bias");
  refuse_partial_rotary(text);
  refuse_option(text, "use_sliding_window");
  read_attention_heads(text, kDefaultHeadDim, config);
  config.rotary_dim = config.head_dim;
  config.qk_norm = true;
}

}  // namespace

const Family kQwen3Family{"qwen3", kTypes, read};

}  // namespace cellm
