// The one list of a model's tensors. Loading and listing are two visitors of it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/model.h"

namespace cellm {

// Calls visitor.matrix(name, Linear&, rows, cols) and visitor.vector(name, std::vector<float>&,
// shape, role) for every tensor but the output matrix, in the order of the forward pass; both are
// const if the model is. Names are without the prefix of the text model. model.layers must have
// their mixers.
template <class AnyModel, class Visitor>
void visit_tensors(AnyModel& model, Visitor&& visitor) {
  const ModelConfig& c = model.config;
  const auto norm = [&](const std::string& name, auto& to, std::size_t n) {
    visitor.vector(name, to, {n}, TensorRole::kNorm);
  };
  visitor.matrix("embed_tokens.weight", model.embedding, c.vocab_size, c.hidden);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    auto& layer = model.layers[i];
    const std::string at = "layers." + std::to_string(i) + ".";
    norm(at + "input_layernorm.weight", layer.input_norm, c.hidden);
    if (auto* attention = std::get_if<Attention>(&layer.mixer)) {
      const std::size_t width = c.heads * c.head_dim;
      const std::size_t kv_width = c.kv_heads * c.head_dim;
      visitor.matrix(at + "self_attn.q_proj.weight", attention->q_proj,
                     width * (c.output_gate ? 2 : 1), c.hidden);
      visitor.matrix(at + "self_attn.k_proj.weight", attention->k_proj, kv_width, c.hidden);
      visitor.matrix(at + "self_attn.v_proj.weight", attention->v_proj, kv_width, c.hidden);
      visitor.matrix(at + "self_attn.o_proj.weight", attention->o_proj, c.hidden, width);
      if (c.qk_norm) {
        norm(at + "self_attn.q_norm.weight", attention->q_norm, c.head_dim);
        norm(at + "self_attn.k_norm.weight", attention->k_norm, c.head_dim);
      }
    } else {
      auto& net = std::get<GatedDeltaNet>(layer.mixer);
      const DeltaNetConfig& d = c.delta_net;
      const std::size_t values = d.value_heads * d.value_dim;
      const std::size_t channels = 2 * d.key_heads * d.key_dim + values;
      visitor.matrix(at + "linear_attn.in_proj_qkv.weight", net.in_proj_qkv, channels, c.hidden);
      visitor.matrix(at + "linear_attn.in_proj_z.weight", net.in_proj_z, values, c.hidden);
      visitor.matrix(at + "linear_attn.in_proj_b.weight", net.in_proj_b, d.value_heads, c.hidden);
      visitor.matrix(at + "linear_attn.in_proj_a.weight", net.in_proj_a, d.value_heads, c.hidden);
      visitor.matrix(at + "linear_attn.out_proj.weight", net.out_proj, c.hidden, values);
      visitor.vector(at + "linear_attn.conv1d.weight", net.conv, {channels, 1, d.conv_kernel},
                     TensorRole::kConv);
      visitor.vector(at + "linear_attn.A_log", net.decay_rate, {d.value_heads}, TensorRole::kDecay);
      visitor.vector(at + "linear_attn.dt_bias", net.dt_bias, {d.value_heads}, TensorRole::kPlain);
      visitor.vector(at + "linear_attn.norm.weight", net.norm, {d.value_dim}, TensorRole::kPlain);
    }
    norm(at + "post_attention_layernorm.weight", layer.post_norm, c.hidden);
    visitor.matrix(at + "mlp.gate_proj.weight", layer.feed_forward.gate_proj, c.intermediate,
                   c.hidden);
    visitor.matrix(at + "mlp.up_proj.weight", layer.feed_forward.up_proj, c.intermediate, c.hidden);
    visitor.matrix(at + "mlp.down_proj.weight", layer.feed_forward.down_proj, c.hidden,
                   c.intermediate);
  }
  norm("norm.weight", model.final_norm, c.hidden);
}

}  // namespace cellm
