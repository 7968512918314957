// A model family: everything that is particular to it, in one file each.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "io/json.h"
#include "model/config.h"
#include "model/gguf/key_writer.h"
#include "model/gguf/sizes.h"
#include "model/gguf/transform.h"
#include "model/tensor_id.h"

namespace cellm {

// The names of a tensor in files: without the layer's prefix, or outside of layers without the text
// model's prefix.
struct TensorNames {
  TensorRole role;
  std::string_view hugging_face;
  std::string_view gguf;
  // The transform that llama.cpp's converter applies; null for none.
  GgufTransform (*gguf_transform)(const ModelConfig& config) = nullptr;
};

// The tensor of a family whose models may have LongRoPE: held_by_config lists it.
inline constexpr std::string_view kLongRopeFactors = "rope_factors_long.weight";

// The family's models in GGUF files.
struct GgufFamily {
  std::string_view architecture;  // general.architecture
  std::string_view model_type;    // in the equivalent config.json
  std::string_view class_name;    // in its "architectures"
  // Adds the fields particular to the family to the common ones.
  void (*add_config)(const GgufModelKeys& keys, const GgufSizes& sizes, Json& config);
  // The reverse: adds the keys particular to the family to the common ones; null: none. `text` is
  // the configuration of the text model.
  void (*add_keys)(const ModelConfig& config, const JsonNode& text,
                   const GgufKeyWriter& keys) = nullptr;
  double default_rope_theta = 0.0;   // if the file has none; 0: required
  bool may_predict_further = false;  // multi-token prediction blocks may follow the layers
  std::span<const std::string_view> held_by_config = {};  // tensors that are no weights
};

struct Family {
  std::string_view name;
  std::span<const std::string_view> model_types;  // config.json model_type, of the text part
  std::span<const TensorNames> names;             // of every role that its models have
  // Reads the fields particular to the family; parse_model_config() has read the common ones.
  void (*read)(const JsonNode& text, ModelConfig& config);
  GgufFamily gguf;
  const std::string_view* chat_template = nullptr;  // of models without one; null: none
  // max_position_embeddings of a config.json without it, as in transformers' class.
  std::size_t default_max_positions = 32768;
};

std::span<const Family* const> families();

// The names of a role; the family's models must have it.
const TensorNames& names_of(const Family& family, TensorRole role);

// Helpers shared by the families.

// The tensors of a decoder of attention and SwiGLU as Llama names them.
inline constexpr std::array<TensorNames, 12> kDecoderNames{{
    {TensorRole::kEmbedding, "embed_tokens.weight", "token_embd.weight"},
    {TensorRole::kInputNorm, "input_layernorm.weight", "attn_norm.weight"},
    {TensorRole::kQuery, "self_attn.q_proj.weight", "attn_q.weight"},
    {TensorRole::kKey, "self_attn.k_proj.weight", "attn_k.weight"},
    {TensorRole::kValue, "self_attn.v_proj.weight", "attn_v.weight"},
    {TensorRole::kAttentionOutput, "self_attn.o_proj.weight", "attn_output.weight"},
    {TensorRole::kPostNorm, "post_attention_layernorm.weight", "ffn_norm.weight"},
    {TensorRole::kGate, "mlp.gate_proj.weight", "ffn_gate.weight"},
    {TensorRole::kUp, "mlp.up_proj.weight", "ffn_up.weight"},
    {TensorRole::kDown, "mlp.down_proj.weight", "ffn_down.weight"},
    {TensorRole::kFinalNorm, "norm.weight", "output_norm.weight"},
    {TensorRole::kOutput, "lm_head.weight", "output.weight"},
}};

// `names` with the entries of `by` in place of the entries of the same role.
template <std::size_t A, std::size_t B>
constexpr std::array<TensorNames, A> replaced(std::array<TensorNames, A> names,
                                              const std::array<TensorNames, B>& by) {
  for (const TensorNames& other : by) {
    for (TensorNames& name : names) {
      if (name.role == other.role) name = other;
    }
  }
  return names;
}

template <std::size_t A, std::size_t B>
constexpr std::array<TensorNames, A + B> joined(const std::array<TensorNames, A>& names,
                                                const std::array<TensorNames, B>& more) {
  std::array<TensorNames, A + B> all{};
  std::copy(names.begin(), names.end(), all.begin());
  std::copy(more.begin(), more.end(), all.begin() + A);
  return all;
}

void read_attention_heads(const JsonNode& text, std::size_t default_head_dim, ModelConfig& config);
void read_layer_types(const JsonNode& text, bool delta_nets_allowed, ModelConfig& config);
// Throws Error(kUnsupported) if the boolean option `key` is there and true.
void refuse_option(const JsonNode& text, std::string_view key);
// The same if only a part of each head rotates.
void refuse_partial_rotary(const JsonNode& text);
void refuse_partial_rotary(const GgufModelKeys& keys, const GgufSizes& sizes);

}  // namespace cellm
