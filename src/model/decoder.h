// The forward pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/copy_on_write.h"
#include "model/model.h"
#include "ops/compute.h"
#include "ops/delta_rule.h"
#include "ops/kv_cache.h"

namespace cellm {

// State of a delta net for one sequence.
struct DeltaNetState {
  std::vector<float> conv_window;  // (kernel − 1, channels): inputs of the convolution
  DeltaState delta;
};

class Multiplier;  // model/pass.h

DeltaShape delta_shape(const DeltaNetConfig& net);

using LayerState = std::variant<KvCache, CopyOnWrite<DeltaNetState>>;

// State of one sequence. A copy shares cache blocks and recurrent states until one of the two
// writes to them.
struct SequenceState {
  std::size_t position = 0;  // tokens seen
  std::vector<LayerState> layers;
};

SequenceState empty_state(const ModelConfig& config, KvEncoding encoding,
                          std::size_t tokens_per_block);
LayerState empty_layer_state(const ModelConfig& config, std::size_t layer, KvEncoding encoding,
                             std::size_t tokens_per_block);

// Whether states can be cut to a part of their tokens: all layers have attention.
bool can_truncate(const ModelConfig& config);

// Bytes of the state after `tokens` tokens.
std::uint64_t state_bytes(const ModelConfig& config, KvEncoding encoding,
                          std::size_t tokens_per_block, std::size_t tokens);

// The most tokens of one call of forward(): enough to use unpacked weights many times, few enough
// that the activations stay small.
inline constexpr std::size_t kMaxBatchTokens = 192;

// The widest input or output of a layer's matrices.
std::size_t widest_activation(const ModelConfig& config);

// Buffers of one forward pass; reused between calls, never shared between threads.
struct Workspace {
  explicit Workspace(const ModelConfig& config);

  // The buffers of a pass of `tokens` tokens. An output shares the buffer of an input that no later
  // step reads.
  Slots slots(const ModelConfig& config, std::size_t tokens);

  AlignedBuffer<float>
      hidden;  // (tokens, hidden): the residual stream, at the end the normed output
  AlignedBuffer<float> normed;  // (tokens, hidden)
  AlignedBuffer<float> a;       // (tokens, widest projection)
  AlignedBuffer<float> b;       // (tokens, widest projection)
  AlignedBuffer<float> c;       // (tokens, widest gate)
  AlignedBuffer<float> d;       // (tokens, two of keys and values, or of beta and decay)
};

// Runs up to kMaxBatchTokens tokens (each < vocab_size), advancing the state. Afterwards
// work.hidden holds the final normed hidden states, (tokens, hidden).
void forward(const Compute& compute, const Model& model, std::span<const std::uint32_t> tokens,
             SequenceState& state, Workspace& work, Multiplier* multiplier = nullptr);

}  // namespace cellm
