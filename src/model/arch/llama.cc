// Llama and its like (transformers models/llama): grouped attention without biases, SwiGLU, full
// rotary.

#include <array>

#include "model/arch/family.h"

namespace cellm {
namespace {

constexpr std::array<std::string_view, 1> kTypes{"llama"};

void read(const JsonNode& text, ModelConfig& config) {
  read_layer_types(text, false, config);
  refuse_option(text, "attention_bias");
  refuse_partial_rotary(text);
  refuse_option(text, "mlp_bias");
  read_attention_heads(text, 0, config);
  config.rotary_dim = config.head_dim;
}

}  // namespace

extern const Family kLlamaFamily;  // listed in families.cc
const Family kLlamaFamily{"llama", kTypes, kDecoderNames, read};

}  // namespace cellm
