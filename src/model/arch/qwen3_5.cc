// Qwen3.5 (transformers models/qwen3_5): gated delta nets and gated attention with partial rotary;
// norm weights are stored zero-centred, except that of the delta net.

#include <array>

#include "base/error.h"
#include "base/limits.h"
#include "model/arch/family.h"

namespace cellm {
namespace {

constexpr std::array<std::string_view, 2> kTypes{"qwen3_5_text", "qwen3_5"};
constexpr std::array<TensorNames, 9> kDeltaNetNames{{
    {TensorRole::kDeltaInput, "linear_attn.in_proj_qkv.weight"},
    {TensorRole::kDeltaGate, "linear_attn.in_proj_z.weight"},
    {TensorRole::kDeltaBeta, "linear_attn.in_proj_b.weight"},
    {TensorRole::kDeltaAlpha, "linear_attn.in_proj_a.weight"},
    {TensorRole::kDeltaOutput, "linear_attn.out_proj.weight"},
    {TensorRole::kDeltaConv, "linear_attn.conv1d.weight"},
    {TensorRole::kDeltaRate, "linear_attn.A_log"},
    {TensorRole::kDeltaBias, "linear_attn.dt_bias"},
    {TensorRole::kDeltaNorm, "linear_attn.norm.weight"},
}};
constexpr auto kNames = joined(joined(kDecoderNames, kQkNormNames), kDeltaNetNames);
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
    // transformers ignores attn_output_gate: q_proj always gives queries and gates, whatever it
    // says.
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

}  // namespace

extern const Family kQwen35Family;  // listed in families.cc
const Family kQwen35Family{"qwen3_5", kTypes, kNames, read};

}  // namespace cellm
