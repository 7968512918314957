#include "model/visit.h"

namespace cellm {
namespace {

std::vector<RoleShape> attention_tensors(const ModelConfig& c, const LayerSpec& layer) {
  const std::size_t width = c.heads * c.head_dim;
  const std::size_t kv_width = c.kv_heads * c.head_dim;
  const std::size_t query_rows = width * (layer.output_gate ? 2 : 1);
  std::vector<RoleShape> tensors{{TensorRole::kQuery, {query_rows, c.hidden}},
                                 {TensorRole::kKey, {kv_width, c.hidden}},
                                 {TensorRole::kValue, {kv_width, c.hidden}}};
  if (layer.qkv_bias) {
    tensors.push_back({TensorRole::kQueryBias, {query_rows}});
    tensors.push_back({TensorRole::kKeyBias, {kv_width}});
    tensors.push_back({TensorRole::kValueBias, {kv_width}});
  }
  tensors.push_back({TensorRole::kAttentionOutput, {c.hidden, width}});
  if (layer.qk_norm) {
    tensors.push_back({TensorRole::kQueryNorm, {c.head_dim}});
    tensors.push_back({TensorRole::kKeyNorm, {c.head_dim}});
  }
  return tensors;
}

std::vector<RoleShape> delta_net_tensors(const ModelConfig& c) {
  const DeltaNetConfig& net = c.delta_net;
  const std::size_t values = net.value_heads * net.value_dim;
  const std::size_t channels = conv_channels(net);
  return {{TensorRole::kDeltaInput, {channels, c.hidden}},
          {TensorRole::kDeltaGate, {values, c.hidden}},
          {TensorRole::kDeltaBeta, {net.value_heads, c.hidden}},
          {TensorRole::kDeltaAlpha, {net.value_heads, c.hidden}},
          {TensorRole::kDeltaOutput, {c.hidden, values}},
          {TensorRole::kDeltaConv, {channels, 1, net.conv_kernel}},
          {TensorRole::kDeltaRate, {net.value_heads}},
          {TensorRole::kDeltaBias, {net.value_heads}},
          {TensorRole::kDeltaNorm, {net.value_dim}}};
}

}  // namespace

std::vector<RoleShape> layer_tensors(const ModelConfig& c, const LayerSpec& layer) {
  std::vector<RoleShape> tensors{{TensorRole::kInputNorm, {c.hidden}}};
  for (auto& tensor :
       layer.mixer == MixerKind::kAttention ? attention_tensors(c, layer) : delta_net_tensors(c)) {
    tensors.push_back(std::move(tensor));
  }
  tensors.push_back({TensorRole::kPostNorm, {c.hidden}});
  tensors.push_back({TensorRole::kGate, {c.intermediate, c.hidden}});
  tensors.push_back({TensorRole::kUp, {c.intermediate, c.hidden}});
  tensors.push_back({TensorRole::kDown, {c.hidden, c.intermediate}});
  return tensors;
}

std::optional<std::vector<std::size_t>> tensor_shape(const ModelConfig& config, TensorId id) {
  if (id.role == TensorRole::kFinalNorm) return std::vector{config.hidden};
  if (!is_in_layer(id.role)) return std::vector{config.vocab_size, config.hidden};
  if (id.layer >= config.layers.size()) return std::nullopt;
  for (auto& [role, shape] : layer_tensors(config, config.layers[id.layer])) {
    if (role == id.role) return shape;
  }
  return std::nullopt;
}

}  // namespace cellm
