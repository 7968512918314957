// A model family: the one place that knows how its config.json spells things.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "io/json.h"
#include "model/config.h"
#include "model/tensor_id.h"

namespace cellm {

// How files name a tensor: one of a layer without the layer, others without the text model's
// prefix.
struct TensorNames {
  TensorRole role;
  std::string_view hugging_face;
};

struct Family {
  std::string_view name;
  std::span<const std::string_view> model_types;  // config.json model_type, of the text part
  std::span<const TensorNames> names;             // of every role that its models have
  // Fills what is particular to the family; parse_model_config() has read what all share.
  void (*read)(const JsonNode& text, ModelConfig& config);
};

std::span<const Family* const> families();

// The names of a role that the family's models have.
const TensorNames& names_of(const Family& family, TensorRole role);

// For the families to share.

// The tensors of a decoder of attention and SwiGLU as Llama names them.
inline constexpr std::array<TensorNames, 12> kDecoderNames{{
    {TensorRole::kEmbedding, "embed_tokens.weight"},
    {TensorRole::kInputNorm, "input_layernorm.weight"},
    {TensorRole::kQuery, "self_attn.q_proj.weight"},
    {TensorRole::kKey, "self_attn.k_proj.weight"},
    {TensorRole::kValue, "self_attn.v_proj.weight"},
    {TensorRole::kAttentionOutput, "self_attn.o_proj.weight"},
    {TensorRole::kPostNorm, "post_attention_layernorm.weight"},
    {TensorRole::kGate, "mlp.gate_proj.weight"},
    {TensorRole::kUp, "mlp.up_proj.weight"},
    {TensorRole::kDown, "mlp.down_proj.weight"},
    {TensorRole::kFinalNorm, "norm.weight"},
    {TensorRole::kOutput, "lm_head.weight"},
}};
inline constexpr std::array<TensorNames, 2> kQkNormNames{{
    {TensorRole::kQueryNorm, "self_attn.q_norm.weight"},
    {TensorRole::kKeyNorm, "self_attn.k_norm.weight"},
}};

template <std::size_t A, std::size_t B>
constexpr std::array<TensorNames, A + B> joined(const std::array<TensorNames, A>& a,
                                                const std::array<TensorNames, B>& b) {
  std::array<TensorNames, A + B> all{};
  std::copy(a.begin(), a.end(), all.begin());
  std::copy(b.begin(), b.end(), all.begin() + A);
  return all;
}

void read_attention_heads(const JsonNode& text, std::size_t default_head_dim, ModelConfig& config);
void read_layer_types(const JsonNode& text, bool delta_nets_allowed, ModelConfig& config);
// Throws Error(kUnsupported) if the boolean option `key` is there and true.
void refuse_option(const JsonNode& text, std::string_view key);
// The same if only a part of each head rotates.
void refuse_partial_rotary(const JsonNode& text);

}  // namespace cellm
