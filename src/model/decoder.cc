#include "model/decoder.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "model/batch.h"
#include "model/pass.h"
#include "ops/activation.h"
#include "ops/attention.h"
#include "ops/conv.h"
#include "ops/norm.h"
#include "ops/rope.h"

namespace cellm {
namespace {

KvShape kv_shape(const ModelConfig& config, KvEncoding encoding, std::size_t tokens_per_block) {
  return {config.kv_heads, config.head_dim, encoding, tokens_per_block};
}

// Calls visit(state, index of its first token in the pass, tokens) for each sequence.
template <class Visit>
void for_each_part(const Pass& pass, Visit&& visit) {
  std::size_t begin = 0;
  for (const Part& part : pass.parts) {
    visit(*part.state, begin, part.tokens.size());
    begin += part.tokens.size();
  }
}

// Splits (tokens, heads, 2, head_dim) into queries and gates, each (tokens, heads, head_dim).
void split_gates(const float* both, std::size_t rows, std::size_t head_dim, float* queries,
                 float* gates) {
  for (std::size_t row = 0; row < rows; ++row, both += 2 * head_dim) {
    std::copy_n(both, head_dim, queries + row * head_dim);
    std::copy_n(both + head_dim, head_dim, gates + row * head_dim);
  }
}

void mix_attention(const Pass& pass, const Attention& layer, std::size_t index) {
  const Compute& compute = pass.compute;
  const ModelConfig& config = pass.config;
  Workspace& work = pass.work;
  const std::size_t tokens = pass.tokens;
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
  apply_rope(pass.angles, config.rotary_dim / 2, queries, tokens, config.heads, config.head_dim);
  apply_rope(pass.angles, config.rotary_dim / 2, keys, tokens, config.kv_heads, config.head_dim);
  float* mixed = work.a.data();
  const float scale = 1.0F / std::sqrt(static_cast<float>(config.head_dim));
  for_each_part(pass, [&](SequenceState& state, std::size_t begin, std::size_t count) {
    auto& cache = std::get<KvCache>(state.layers[index]);
    for (std::size_t t = 0; t < count; ++t) {
      const std::size_t at = (begin + t) * kv_width;
      cache.write(compute, state.position + t, keys + at, values + at);
    }
    attention(compute, cache, config.heads, scale, state.position, count, queries + begin * width,
              mixed + begin * width);
  });
  if (config.output_gate) {
    compute.kernels.sigmoid_multiply(gates, mixed, tokens * width);
  }
}

void mix_delta_net(const Pass& pass, const GatedDeltaNet& layer, std::size_t index) {
  const Compute& compute = pass.compute;
  const ModelConfig& config = pass.config;
  Workspace& work = pass.work;
  const std::size_t tokens = pass.tokens;
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
  for_each_part(pass, [&](SequenceState& state, std::size_t begin, std::size_t count) {
    auto& window = std::get<DeltaNetState>(state.layers[index]).conv_window;
    causal_conv(compute, layer.conv.data(), net.conv_kernel, channels,
                work.a.data() + begin * channels, count, window.data(), qkv + begin * channels);
  });
  float* mixed = work.a.data();
  for_each_part(pass, [&](SequenceState& state, std::size_t begin, std::size_t count) {
    const float* q = qkv + begin * channels;
    const DeltaInput input{q,
                           q + key_width,
                           q + 2 * key_width,
                           channels,
                           g + begin * net.value_heads,
                           beta + begin * net.value_heads};
    delta_rule(compute, std::get<DeltaNetState>(state.layers[index]).delta, input, count,
               mixed + begin * value_width);
  });
  gated_rms_norm(compute, mixed, layer.norm.data(), z, config.rms_norm_eps,
                 tokens * net.value_heads, net.value_dim);
  CELLM_CHECK(layer.out_proj.cols() == value_width);
}

}  // namespace

DeltaShape delta_shape(const DeltaNetConfig& net) {
  return {net.key_heads, net.value_heads, net.key_dim, net.value_dim};
}

std::size_t conv_channels(const DeltaNetConfig& net) {
  return 2 * net.key_heads * net.key_dim + net.value_heads * net.value_dim;
}

// The widest intermediate result of any layer, in floats per token. Only of mixers that a layer
// has: their sizes are those of tensors, all others are mere claims of a config.
std::size_t widest_activation(const ModelConfig& config) {
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

LayerState empty_layer_state(const ModelConfig& config, std::size_t layer, KvEncoding encoding,
                             std::size_t tokens_per_block) {
  if (config.layers[layer] == MixerKind::kAttention) {
    return KvCache(kv_shape(config, encoding, tokens_per_block));
  }
  const DeltaNetConfig& net = config.delta_net;
  return DeltaNetState{std::vector<float>((net.conv_kernel - 1) * conv_channels(net)),
                       DeltaState(delta_shape(net))};
}

SequenceState empty_state(const ModelConfig& config, KvEncoding encoding,
                          std::size_t tokens_per_block) {
  SequenceState state;
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    state.layers.push_back(empty_layer_state(config, i, encoding, tokens_per_block));
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
      a(kMaxBatchTokens * widest_activation(config)),
      b(kMaxBatchTokens * widest_activation(config)),
      c(kMaxBatchTokens * widest_activation(config)),
      d(kMaxBatchTokens * widest_activation(config)) {}

void forward(const Compute& compute, const Model& model, std::span<const std::uint32_t> tokens,
             SequenceState& state, Workspace& work) {
  const Part part{tokens, &state};
  forward(compute, model, {&part, 1}, work);
}

Pass begin_pass(const Compute& compute, const Model& model, std::span<const Part> parts,
                Workspace& work) {
  Pass pass{compute, model.config, work, parts, 0, {}};
  for (const Part& part : parts) {
    const RopeAngles more =
        rope_angles(model.inverse_frequencies, part.state->position, part.tokens.size());
    pass.angles.cos.insert(pass.angles.cos.end(), more.cos.begin(), more.cos.end());
    pass.angles.sin.insert(pass.angles.sin.end(), more.sin.begin(), more.sin.end());
    pass.tokens += part.tokens.size();
  }
  CELLM_CHECK(pass.tokens <= kMaxBatchTokens);
  return pass;
}

void embed(const Pass& pass, const Model& model) {
  float* row = pass.work.hidden.data();
  for (const Part& part : pass.parts) {
    for (const std::uint32_t token : part.tokens) {
      read_row(pass.compute, model.embedding, token, row);
      row += pass.config.hidden;
    }
  }
}

void normalize(const Pass& pass, const std::vector<float>& weight, AlignedBuffer<float>& out) {
  rms_norm(pass.compute, pass.work.hidden.data(), weight.data(), pass.config.rms_norm_eps,
           pass.tokens, pass.config.hidden, out.data());
}

void mix(const Pass& pass, const Layer& layer, std::size_t index) {
  if (const auto* attention = std::get_if<Attention>(&layer.mixer)) {
    mix_attention(pass, *attention, index);
  } else {
    mix_delta_net(pass, std::get<GatedDeltaNet>(layer.mixer), index);
  }
}

const Linear& output_matrix(const Layer& layer) {
  if (const auto* attention = std::get_if<Attention>(&layer.mixer)) return attention->o_proj;
  return std::get<GatedDeltaNet>(layer.mixer).out_proj;
}

void gate(const Pass& pass, const FeedForward& layer) {
  Workspace& work = pass.work;
  const Product products[] = {{&layer.gate_proj, work.a.data()}, {&layer.up_proj, work.b.data()}};
  apply(pass.compute, products, work.normed.data(), pass.tokens);
  silu_multiply(pass.compute, work.a.data(), work.b.data(), pass.tokens * pass.config.intermediate);
}

void add_product(const Pass& pass, const Linear& matrix) {
  Workspace& work = pass.work;
  apply(pass.compute, matrix, work.a.data(), pass.tokens, work.normed.data());
  add_to(pass.compute, work.hidden.data(), work.normed.data(), pass.tokens * pass.config.hidden);
}

void forward(const Compute& compute, const Model& model, std::span<const Part> parts,
             Workspace& work) {
  const Pass pass = begin_pass(compute, model, parts, work);
  embed(pass, model);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Layer& layer = model.layers[i];
    normalize(pass, layer.input_norm, work.normed);
    mix(pass, layer, i);
    add_product(pass, output_matrix(layer));
    normalize(pass, layer.post_norm, work.normed);
    gate(pass, layer.feed_forward);
    add_product(pass, layer.feed_forward.down_proj);
  }
  normalize(pass, model.final_norm, work.hidden);
  for (const Part& part : parts) part.state->position += part.tokens.size();
}

}  // namespace cellm
