#include "model/decoder.h"

#include <algorithm>

#include "base/error.h"
#include "model/batch.h"
#include "model/pass.h"
#include "ops/conv.h"
#include "ops/norm.h"

namespace cellm {
namespace {

KvShape kv_shape(const ModelConfig& config, KvEncoding encoding, std::size_t tokens_per_block) {
  return {config.kv_heads, config.head_dim, encoding, tokens_per_block};
}

}  // namespace

DeltaShape delta_shape(const DeltaNetConfig& net) {
  return {net.key_heads, net.value_heads, net.key_dim, net.value_dim};
}

// The widest intermediate result of any layer, in floats per token. Only of mixers that a layer
// has: their sizes are those of tensors, all others are mere claims of a config.
std::size_t widest_activation(const ModelConfig& config) {
  std::size_t result = std::max(config.intermediate, config.hidden);
  for (const LayerSpec& layer : config.layers) {
    if (layer.mixer == MixerKind::kAttention) {
      result = std::max(
          {result, 2 * config.heads * config.head_dim, 2 * config.kv_heads * config.head_dim});
    } else {
      result =
          std::max({result, conv_channels(config.delta_net), 2 * config.delta_net.value_heads});
    }
  }
  return result;
}

bool can_truncate(const ModelConfig& config) {
  return std::ranges::all_of(
      config.layers, [](const LayerSpec& layer) { return layer.mixer == MixerKind::kAttention; });
}

LayerState empty_layer_state(const ModelConfig& config, std::size_t layer, KvEncoding encoding,
                             std::size_t tokens_per_block) {
  if (config.layers[layer].mixer == MixerKind::kAttention) {
    return KvCache(kv_shape(config, encoding, tokens_per_block));
  }
  const DeltaNetConfig& net = config.delta_net;
  return CopyOnWrite(DeltaNetState{std::vector<float>((net.conv_kernel - 1) * conv_channels(net)),
                                   DeltaState(delta_shape(net))});
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
  for (const LayerSpec& layer : config.layers)
    total += layer.mixer == MixerKind::kAttention ? kv : recurrent;
  return total;
}

namespace {

// The widest use of buffer c by a layer, in floats per token (Workspace::slots()).
std::size_t width_of_gates(const ModelConfig& config) {
  std::size_t result = 0;
  for (const LayerSpec& layer : config.layers) {
    const bool attention = layer.mixer == MixerKind::kAttention;
    result = std::max(result, slot_width(config, layer, attention ? Slot::kGates : Slot::kZ));
  }
  return result;
}

// Likewise of buffer d, which two slots share.
std::size_t width_of_pairs(const ModelConfig& config) {
  std::size_t result = 0;
  for (const LayerSpec& layer : config.layers) {
    const bool attention = layer.mixer == MixerKind::kAttention;
    result = std::max(result, 2 * slot_width(config, layer, attention ? Slot::kKeys : Slot::kBeta));
  }
  return result;
}

}  // namespace

Workspace::Workspace(const ModelConfig& config)
    : hidden(kMaxBatchTokens * config.hidden),
      normed(kMaxBatchTokens * config.hidden),
      a(kMaxBatchTokens * widest_activation(config)),
      b(kMaxBatchTokens * widest_activation(config)),
      c(kMaxBatchTokens * width_of_gates(config)),
      d(kMaxBatchTokens * width_of_pairs(config)) {}

Slots Workspace::slots(const ModelConfig& config, std::size_t tokens) {
  Slots slots;
  for (const Slot slot : {Slot::kInput, Slot::kMiddle, Slot::kOutput}) slots[slot] = hidden.data();
  for (const Slot slot : {Slot::kNormed, Slot::kMixerOut, Slot::kPostNormed, Slot::kDown}) {
    slots[slot] = normed.data();
  }
  for (const Slot slot : {Slot::kProjected, Slot::kChannels, Slot::kMixed, Slot::kGated,
                          Slot::kGate, Slot::kActive}) {
    slots[slot] = a.data();
  }
  for (const Slot slot : {Slot::kRawQueries, Slot::kQueries, Slot::kConvolved, Slot::kUp}) {
    slots[slot] = b.data();
  }
  slots[Slot::kGates] = slots[Slot::kZ] = c.data();
  slots[Slot::kRawKeys] = slots[Slot::kKeys] = d.data();
  slots[Slot::kValues] = d.data() + tokens * config.kv_heads * config.head_dim;
  slots[Slot::kRawBeta] = slots[Slot::kBeta] = d.data();
  slots[Slot::kRawAlpha] = slots[Slot::kDecay] = d.data() + tokens * config.delta_net.value_heads;
  return slots;
}

void forward(const Compute& compute, const Model& model, std::span<const std::uint32_t> tokens,
             SequenceState& state, Workspace& work, Multiplier* multiplier) {
  const Part part{tokens, &state};
  forward(compute, model, {&part, 1}, work, multiplier);
}

Pass begin_pass(const Compute& compute, const Model& model, std::span<const Part> parts) {
  Pass pass{compute, model.config, parts, {}, 0, {}};
  for (const Part& part : parts) {
    const RopeAngles more = rope_angles(model.inverse_frequencies, part.state->position,
                                        part.tokens.size(), model.rope_magnitude);
    pass.angles.cos.insert(pass.angles.cos.end(), more.cos.begin(), more.cos.end());
    pass.angles.sin.insert(pass.angles.sin.end(), more.sin.begin(), more.sin.end());
    pass.tokens += part.tokens.size();
  }
  return pass;
}

void run_steps(const LayerRun& run, std::span<const Step> steps) {
  for (const Step& step : steps) step.operation->forward(run, step);
}

void run_steps_backward(const LayerRun& run, const Slots& gradients, Training& training) {
  for (std::size_t i = run.layer.steps.size(); i-- > 0;) {
    const Step& step = run.layer.steps[i];
    step.operation->backward(run, step, gradients, training);
  }
}

void embed(const Pass& pass, const Model& model, float* out) {
  for (const Part& part : pass.parts) {
    for (const std::uint32_t token : part.tokens) {
      read_row(pass.compute, model.embedding, token, out);
      out += pass.config.hidden;
    }
  }
}

void normalize_output(const Pass& pass, const Model& model, const float* x, float* out) {
  rms_norm(pass.compute, x, model.final_norm.data(), pass.config.rms_norm_eps, pass.tokens,
           pass.config.hidden, out);
}

void forward(const Compute& compute, const Model& model, std::span<const Part> parts,
             Workspace& work, Multiplier* multiplier) {
  Pass pass = begin_pass(compute, model, parts);
  CELLM_CHECK(pass.tokens <= kMaxBatchTokens);
  pass.slots = work.slots(model.config, pass.tokens);
  pass.multiplier = multiplier;
  embed(pass, model, work.hidden.data());
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    run_steps({pass, model.layers[i], i}, model.layers[i].steps);
  }
  normalize_output(pass, model, work.hidden.data(), work.hidden.data());
  for (const Part& part : parts) part.state->position += part.tokens.size();
}

std::size_t max_tentative(const ModelConfig& config, std::size_t position) {
  return can_truncate(config) ? kMaxBatchTokens : kDeltaChunk - position % kDeltaChunk;
}

void keep_tokens(const Compute& compute, const ModelConfig& config, std::size_t tokens,
                 std::size_t kept, const TentativeTokens& tentative, SequenceState& state) {
  CELLM_CHECK(kept <= tokens && tokens <= state.position);
  state.position -= tokens - kept;
  std::vector<DeltaState*> deltas;
  for (std::size_t i = 0; i < state.layers.size(); ++i) {
    if (auto* cache = std::get_if<KvCache>(&state.layers[i])) {
      cache->truncate(state.position);
      continue;
    }
    DeltaNetState& net = std::get<CopyOnWrite<DeltaNetState>>(state.layers[i]).write();
    shift_window(config.delta_net.conv_kernel, conv_channels(config.delta_net),
                 tentative.conv_inputs[i].data(), kept, net.conv_window.data());
    net.delta.pending -= tokens - kept;
    deltas.push_back(&net.delta);
  }
  finish_full_chunks(compute, deltas);
}

}  // namespace cellm
