#include "model/decoder.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ops/activation.h"
#include "ops/attention.h"
#include "ops/conv.h"
#include "ops/norm.h"
#include "ops/rope.h"

namespace cellm {
namespace {

DeltaShape delta_shape(const DeltaNetConfig& net) {
  return {net.key_heads, net.value_heads, net.key_dim, net.value_dim};
}

std::size_t conv_channels(const DeltaNetConfig& net) {
  return 2 * net.key_heads * net.key_dim + net.value_heads * net.value_dim;
}

KvShape kv_shape(const ModelConfig& config, KvEncoding encoding, std::size_t tokens_per_block) {
  return {config.kv_heads, config.head_dim, encoding, tokens_per_block};
}

// Everything a layer works on.
struct Pass {
  const Compute& compute;
  const ModelConfig& config;
  Workspace& work;
  std::size_t tokens;
  std::size_t first;  // position of the first token
  const RopeAngles& angles;
};

// Splits (tokens, heads, 2, head_dim) into queries and gates, each (tokens, heads, head_dim).
void split_gates(const float* both, std::size_t rows, std::size_t head_dim, float* queries,
                 float* gates) {
  for (std::size_t row = 0; row < rows; ++row, both += 2 * head_dim) {
    std::copy_n(both, head_dim, queries + row * head_dim);
    std::copy_n(both + head_dim, head_dim, gates + row * head_dim);
  }
}

// x: normed input in work.normed; the result goes there too.
void mix_attention(const Pass& pass, const Attention& layer, KvCache& cache) {
  const auto& [compute, config, work, tokens, first, angles] = pass;
  const std::size_t width = config.heads * config.head_dim;
  const std::size_t kv_width = config.kv_heads * config.head_dim;
  float* queries = work.b.data();
  float* gates = work.c.data();
  float* keys = work.d.data();
  float* values = work.d.data() + tokens * kv_width;

  // With an output gate, queries and gates come together and are parted.
  float* projected = config.output_gate ? work.a.data() : queries;
  const Product products[] = {
      {&layer.q_proj, projected}, {&layer.k_proj, keys}, {&layer.v_proj, values}};
  apply(compute, products, work.normed.data(), tokens);
  if (config.output_gate)
    split_gates(projected, tokens * config.heads, config.head_dim, queries, gates);
  if (config.qk_norm) {
    rms_norm(compute, queries, layer.q_norm.data(), config.rms_norm_eps, tokens * config.heads,
             config.head_dim, queries);
    rms_norm(compute, keys, layer.k_norm.data(), config.rms_norm_eps, tokens * config.kv_heads,
             config.head_dim, keys);
  }
  apply_rope(angles, config.rotary_dim / 2, queries, tokens, config.heads, config.head_dim);
  apply_rope(angles, config.rotary_dim / 2, keys, tokens, config.kv_heads, config.head_dim);
  for (std::size_t t = 0; t < tokens; ++t) {
    cache.write(compute, first + t, keys + t * kv_width, values + t * kv_width);
  }
  float* mixed = work.a.data();
  const float scale = 1.0F / std::sqrt(static_cast<float>(config.head_dim));
  attention(compute, cache, config.heads, scale, first, tokens, queries, mixed);
  if (config.output_gate) {
    compute.kernels.sigmoid_multiply(gates, mixed, tokens * width);
  }
  apply(compute, layer.o_proj, mixed, tokens, work.normed.data());
}

// x: normed input in work.normed; the result goes there too.
void mix_delta_net(const Pass& pass, const GatedDeltaNet& layer, DeltaNetState& state) {
  const auto& [compute, config, work, tokens, first, angles] = pass;
  const DeltaNetConfig& net = config.delta_net;
  const std::size_t channels = conv_channels(net);
  const std::size_t key_width = net.key_heads * net.key_dim;
  const std::size_t value_width = net.value_heads * net.value_dim;
  float* qkv = work.b.data();
  float* z = work.c.data();
  float* beta = work.d.data();
  float* g = work.d.data() + tokens * net.value_heads;

  const Product products[] = {{&layer.in_proj_qkv, work.a.data()},
                              {&layer.in_proj_z, z},
                              {&layer.in_proj_b, beta},
                              {&layer.in_proj_a, g}};
  apply(compute, products, work.normed.data(), tokens);
  for (std::size_t i = 0; i < tokens * net.value_heads; ++i) {
    const std::size_t head = i % net.value_heads;
    beta[i] = sigmoid(beta[i]);
    g[i] = layer.decay_rate[head] * softplus(g[i] + layer.dt_bias[head]);
  }
  causal_conv(compute, layer.conv.data(), net.conv_kernel, channels, work.a.data(), tokens,
              state.conv_window.data(), qkv);
  float* mixed = work.a.data();
  delta_rule(compute, state.delta, {qkv, qkv + key_width, qkv + 2 * key_width, channels, g, beta},
             tokens, mixed);
  gated_rms_norm(compute, mixed, layer.norm.data(), z, config.rms_norm_eps,
                 tokens * net.value_heads, net.value_dim);
  CELLM_CHECK(layer.out_proj.weight.cols == value_width);
  apply(compute, layer.out_proj, mixed, tokens, work.normed.data());
}

void feed_forward(const Pass& pass, const FeedForward& layer) {
  const auto& [compute, config, work, tokens, first, angles] = pass;
  const Product products[] = {{&layer.gate_proj, work.a.data()}, {&layer.up_proj, work.b.data()}};
  apply(compute, products, work.normed.data(), tokens);
  silu_multiply(compute, work.a.data(), work.b.data(), tokens * config.intermediate);
  apply(compute, layer.down_proj, work.a.data(), tokens, work.normed.data());
}

// The widest intermediate result of any layer, in floats per token. Only of mixers that a layer
// has: their sizes are those of tensors, all others are mere claims of a config.
std::size_t widest(const ModelConfig& config) {
  std::size_t result = std::max(config.intermediate, config.hidden);
  for (const MixerKind kind : config.layers) {
    if (kind == MixerKind::kAttention) {
      result = std::max(
          {result, 2 * config.heads * config.head_dim, 2 * config.kv_heads * config.head_dim});
    } else {
      result =
          std::max({result, conv_channels(config.delta_net), 2 * config.delta_net.value_heads});
    }
  }
  return result;
}

}  // namespace

SequenceState empty_state(const ModelConfig& config, KvEncoding encoding,
                          std::size_t tokens_per_block) {
  SequenceState state;
  const DeltaNetConfig& net = config.delta_net;
  for (const MixerKind kind : config.layers) {
    if (kind == MixerKind::kAttention) {
      state.layers.emplace_back(KvCache(kv_shape(config, encoding, tokens_per_block)));
    } else {
      state.layers.emplace_back(
          DeltaNetState{std::vector<float>((net.conv_kernel - 1) * conv_channels(net)),
                        DeltaState(delta_shape(net))});
    }
  }
  return state;
}

std::uint64_t state_bytes(const ModelConfig& config, KvEncoding encoding,
                          std::size_t tokens_per_block, std::size_t tokens) {
  const DeltaNetConfig& net = config.delta_net;
  const std::uint64_t blocks = (tokens + tokens_per_block - 1) / tokens_per_block;
  const std::uint64_t kv =
      blocks * KvCache::block_bytes(kv_shape(config, encoding, tokens_per_block));
  const std::uint64_t recurrent =
      sizeof(float) *
      ((net.conv_kernel == 0 ? 0 : net.conv_kernel - 1) * conv_channels(net) +
       net.value_heads * (net.key_dim * net.value_dim + kDeltaChunk * (net.value_dim + 1)) +
       net.key_heads * kDeltaChunk * net.key_dim);
  std::uint64_t total = 0;
  for (const MixerKind kind : config.layers)
    total += kind == MixerKind::kAttention ? kv : recurrent;
  return total;
}

Workspace::Workspace(const ModelConfig& config)
    : hidden(kMaxBatchTokens * config.hidden),
      normed(kMaxBatchTokens * config.hidden),
      a(kMaxBatchTokens * widest(config)),
      b(kMaxBatchTokens * widest(config)),
      c(kMaxBatchTokens * widest(config)),
      d(kMaxBatchTokens * widest(config)) {}

void forward(const Compute& compute, const Model& model, std::span<const std::uint32_t> tokens,
             SequenceState& state, Workspace& work) {
  CELLM_CHECK(tokens.size() <= kMaxBatchTokens);
  const ModelConfig& config = model.config;
  const RopeAngles angles = rope_angles(model.inverse_frequencies, state.position, tokens.size());
  const Pass pass{compute, config, work, tokens.size(), state.position, angles};
  const std::size_t values = tokens.size() * config.hidden;
  float* x = work.hidden.data();
  float* h = work.normed.data();
  const auto norm = [&](const std::vector<float>& weight, float* out) {
    rms_norm(compute, x, weight.data(), config.rms_norm_eps, tokens.size(), config.hidden, out);
  };

  for (std::size_t t = 0; t < tokens.size(); ++t) {
    read_row(compute, model.embedding, tokens[t], x + t * config.hidden);
  }
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Layer& layer = model.layers[i];
    norm(layer.input_norm, h);
    if (const auto* mixer = std::get_if<Attention>(&layer.mixer)) {
      mix_attention(pass, *mixer, std::get<KvCache>(state.layers[i]));
    } else {
      mix_delta_net(pass, std::get<GatedDeltaNet>(layer.mixer),
                    std::get<DeltaNetState>(state.layers[i]));
    }
    add_to(compute, x, h, values);
    norm(layer.post_norm, h);
    feed_forward(pass, layer.feed_forward);
    add_to(compute, x, h, values);
  }
  norm(model.final_norm, x);
  state.position += tokens.size();
}

}  // namespace cellm
