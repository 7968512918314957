// A layer of the decoder as a list of steps, which the forward pass, lockstep runs, taps and the
// backward pass interpret.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "model/tensor_id.h"

namespace cellm {

// An activation of a layer, (tokens, slot_width()).
enum class Slot : std::uint8_t {
  kInput,       // the residual stream before the layer
  kNormed,      // input of the mixer
  kMixed,       // attention or the delta rule, before its gate
  kGated,       // input of the mixer's output matrix
  kMixerOut,    // output of that matrix
  kMiddle,      // the residual stream between mixer and feed-forward
  kPostNormed,  // input of the feed-forward
  kGate,
  kUp,
  kActive,  // input of the down projection
  kDown,
  kOutput,  // the residual stream after the layer
  // Attention
  kProjected,   // for each head, queries and then gates
  kRawQueries,  // as projected
  kRawKeys,
  kValues,
  kGates,
  kQueries,  // normed and rotated
  kKeys,
  // Gated delta net
  kChannels,  // queries, keys and values as projected
  kZ,
  kRawBeta,
  kRawAlpha,
  kBeta,
  kDecay,  // logarithm of the decay
  kConvolved,
};
inline constexpr std::size_t kSlots = static_cast<std::size_t>(Slot::kConvolved) + 1;

// Floats per token.
std::size_t slot_width(const ModelConfig& config, const LayerSpec& layer, Slot slot);

// The buffers of all slots, or of their gradients; null where a layer has none.
class Slots {
 public:
  float*& operator[](Slot slot) { return at_[static_cast<std::size_t>(slot)]; }
  float* operator[](Slot slot) const { return at_[static_cast<std::size_t>(slot)]; }

 private:
  std::array<float*, kSlots> at_{};
};

struct LayerRun;  // model/pass.h
struct Step;

class Training;  // model/pass.h

// One kind of step. Buffers of an input and an output may be the same memory.
struct Operation {
  std::string_view name;
  void (*forward)(const LayerRun& run, const Step& step);
  // Adds to the gradients of the inputs, which begin at zero; may overwrite the gradients of the
  // outputs. The run has the saved activations of the forward pass, in separate buffers.
  void (*backward)(const LayerRun& run, const Step& step, const Slots& gradients,
                   Training& training);
  bool advances_state = false;  // of the layer
};

struct Step {
  const Operation* operation;
  std::vector<Slot> in;
  std::vector<Slot> out;
  std::vector<TensorRole> weights;
};

extern const Operation kNormalize;        // x, weight → normed
extern const Operation kMultiply;         // x, matrices → products, one for each matrix
extern const Operation kAddResidual;      // stream, x → stream
extern const Operation kSiluMultiply;     // gate, up → active
extern const Operation kSplitGates;       // projected → queries, gates
extern const Operation kRotate;           // queries, keys → queries, keys
extern const Operation kAttend;           // queries, keys, values → mixed
extern const Operation kSigmoidMultiply;  // gates, mixed → gated
extern const Operation kDeltaGates;       // raw beta, raw alpha, weights → beta, decay
extern const Operation kConvolve;         // channels, weight → convolved
extern const Operation kApplyDeltaRule;   // convolved, beta, decay → mixed
extern const Operation kGatedNormalize;   // mixed, z, weight → gated

// The steps of a layer in the order of the forward pass. Every slot but those of the residual
// stream is an input of at most one step that does not also write it.
std::vector<Step> layer_steps(const LayerSpec& layer);

}  // namespace cellm
