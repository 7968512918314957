#include "model/step.h"

#include <iterator>
#include <utility>

namespace cellm {
namespace {

using Steps = std::vector<Step>;

Steps attention_steps(const LayerSpec& layer) {
  Steps steps;
  steps.push_back(
      {&kMultiply,
       {Slot::kNormed},
       {layer.output_gate ? Slot::kProjected : Slot::kRawQueries, Slot::kRawKeys, Slot::kValues},
       {TensorRole::kQuery, TensorRole::kKey, TensorRole::kValue}});
  if (layer.output_gate) {
    steps.push_back({&kSplitGates, {Slot::kProjected}, {Slot::kRawQueries, Slot::kGates}, {}});
  }
  if (layer.qk_norm) {
    steps.push_back({&kNormalize, {Slot::kRawQueries}, {Slot::kQueries}, {TensorRole::kQueryNorm}});
    steps.push_back({&kNormalize, {Slot::kRawKeys}, {Slot::kKeys}, {TensorRole::kKeyNorm}});
    steps.push_back({&kRotate, {Slot::kQueries, Slot::kKeys}, {Slot::kQueries, Slot::kKeys}, {}});
  } else {
    steps.push_back(
        {&kRotate, {Slot::kRawQueries, Slot::kRawKeys}, {Slot::kQueries, Slot::kKeys}, {}});
  }
  const Slot mixed = layer.output_gate ? Slot::kMixed : Slot::kGated;
  steps.push_back({&kAttend, {Slot::kQueries, Slot::kKeys, Slot::kValues}, {mixed}, {}});
  if (layer.output_gate) {
    steps.push_back({&kSigmoidMultiply, {Slot::kGates, Slot::kMixed}, {Slot::kGated}, {}});
  }
  steps.push_back({&kMultiply, {Slot::kGated}, {Slot::kMixerOut}, {TensorRole::kAttentionOutput}});
  return steps;
}

Steps delta_net_steps() {
  return {
      {&kMultiply,
       {Slot::kNormed},
       {Slot::kChannels, Slot::kZ, Slot::kRawBeta, Slot::kRawAlpha},
       {TensorRole::kDeltaInput, TensorRole::kDeltaGate, TensorRole::kDeltaBeta,
        TensorRole::kDeltaAlpha}},
      {&kDeltaGates,
       {Slot::kRawBeta, Slot::kRawAlpha},
       {Slot::kBeta, Slot::kDecay},
       {TensorRole::kDeltaRate, TensorRole::kDeltaBias}},
      {&kConvolve, {Slot::kChannels}, {Slot::kConvolved}, {TensorRole::kDeltaConv}},
      {&kApplyDeltaRule, {Slot::kConvolved, Slot::kBeta, Slot::kDecay}, {Slot::kMixed}, {}},
      {&kGatedNormalize, {Slot::kMixed, Slot::kZ}, {Slot::kGated}, {TensorRole::kDeltaNorm}},
      {&kMultiply, {Slot::kGated}, {Slot::kMixerOut}, {TensorRole::kDeltaOutput}},
  };
}

Steps feed_forward_steps() {
  return {
      {&kMultiply,
       {Slot::kPostNormed},
       {Slot::kGate, Slot::kUp},
       {TensorRole::kGate, TensorRole::kUp}},
      {&kSiluMultiply, {Slot::kGate, Slot::kUp}, {Slot::kActive}, {}},
      {&kMultiply, {Slot::kActive}, {Slot::kDown}, {TensorRole::kDown}},
  };
}

void append(Steps&& more, Steps& steps) {
  std::move(more.begin(), more.end(), std::back_inserter(steps));
}

}  // namespace

std::vector<Step> layer_steps(const LayerSpec& layer) {
  Steps steps;
  steps.push_back({&kNormalize, {Slot::kInput}, {Slot::kNormed}, {TensorRole::kInputNorm}});
  append(layer.mixer == MixerKind::kAttention ? attention_steps(layer) : delta_net_steps(), steps);
  steps.push_back({&kAddResidual, {Slot::kInput, Slot::kMixerOut}, {Slot::kMiddle}, {}});
  steps.push_back({&kNormalize, {Slot::kMiddle}, {Slot::kPostNormed}, {TensorRole::kPostNorm}});
  append(feed_forward_steps(), steps);
  steps.push_back({&kAddResidual, {Slot::kMiddle, Slot::kDown}, {Slot::kOutput}, {}});
  return steps;
}

std::size_t slot_width(const ModelConfig& config, const LayerSpec& layer, Slot slot) {
  const std::size_t width = config.heads * config.head_dim;
  const std::size_t kv_width = config.kv_heads * config.head_dim;
  const DeltaNetConfig& net = config.delta_net;
  switch (slot) {
    case Slot::kInput:
    case Slot::kNormed:
    case Slot::kMixerOut:
    case Slot::kMiddle:
    case Slot::kPostNormed:
    case Slot::kDown:
    case Slot::kOutput:
      return config.hidden;
    case Slot::kGate:
    case Slot::kUp:
    case Slot::kActive:
      return config.intermediate;
    case Slot::kProjected:
      return 2 * width;
    case Slot::kRawQueries:
    case Slot::kQueries:
    case Slot::kGates:
      return width;
    case Slot::kRawKeys:
    case Slot::kKeys:
    case Slot::kValues:
      return kv_width;
    case Slot::kChannels:
    case Slot::kConvolved:
      return conv_channels(net);
    case Slot::kZ:
      return net.value_heads * net.value_dim;
    case Slot::kRawBeta:
    case Slot::kRawAlpha:
    case Slot::kBeta:
    case Slot::kDecay:
      return net.value_heads;
    case Slot::kMixed:
    case Slot::kGated:
      return layer.mixer == MixerKind::kAttention ? width : net.value_heads * net.value_dim;
  }
  return 0;
}

}  // namespace cellm
