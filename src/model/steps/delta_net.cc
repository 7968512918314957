#include <vector>

#include "model/steps/common.h"
#include "ops/activation.h"
#include "ops/conv.h"
#include "ops/conv_backward.h"
#include "ops/delta_rule.h"
#include "ops/delta_rule_backward.h"

namespace cellm {
namespace {

DeltaNetState& writable(SequenceState& state, std::size_t layer) {
  return std::get<CopyOnWrite<DeltaNetState>>(state.layers[layer]).write();
}

void delta_gates(const LayerRun& run, const Step& step) {
  const std::vector<float>& rate = run.layer.vector(step.weights[0]);
  const std::vector<float>& bias = run.layer.vector(step.weights[1]);
  const float* raw_beta = run.at(step.in[0]);
  const float* raw_alpha = run.at(step.in[1]);
  float* beta = run.at(step.out[0]);
  float* decay = run.at(step.out[1]);
  for (std::size_t i = 0; i < run.size(step.out[0]); ++i) {
    const std::size_t head = i % rate.size();
    beta[i] = sigmoid(raw_beta[i]);
    decay[i] = rate[head] * softplus(raw_alpha[i] + bias[head]);
  }
}

void delta_gates_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                          Training& /*training*/) {
  const std::vector<float>& rate = run.layer.vector(step.weights[0]);
  const std::vector<float>& bias = run.layer.vector(step.weights[1]);
  const float* raw_alpha = run.at(step.in[1]);
  const float* beta = run.at(step.out[0]);
  for (std::size_t i = 0; i < run.size(step.out[0]); ++i) {
    const std::size_t head = i % rate.size();
    gradients[step.in[0]][i] = gradients[step.out[0]][i] * (beta[i] * (1.0F - beta[i]));
    gradients[step.in[1]][i] =
        gradients[step.out[1]][i] * (rate[head] * sigmoid(raw_alpha[i] + bias[head]));
  }
}

void convolve(const LayerRun& run, const Step& step) {
  const std::size_t kernel = run.config().delta_net.conv_kernel;
  const std::size_t channels = conv_channels(run.config().delta_net);
  std::vector<ConvRun> runs;
  for_each_part(run.pass, [&](const Part& part, std::size_t begin) {
    const float* x = run.at(step.in[0]) + begin * channels;
    const std::size_t count = part.tokens.size();
    if (part.tentative != nullptr) {
      part.tentative->conv_inputs[run.index].assign(x, x + count * channels);
    }
    runs.push_back({x, count, writable(*part.state, run.index).conv_window.data(),
                    run.at(step.out[0]) + begin * channels, part.tentative != nullptr});
  });
  causal_conv(run.compute(), run.layer.vector(step.weights[0]).data(), kernel, channels, runs);
}

void convolve_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                       Training& /*training*/) {
  causal_conv_backward(run.compute(), run.layer.vector(step.weights[0]).data(),
                       run.config().delta_net.conv_kernel, conv_channels(run.config().delta_net),
                       run.at(step.in[0]), run.pass.tokens, gradients[step.out[0]],
                       gradients[step.in[0]]);
}

// Of the tokens from `begin` on.
DeltaInput delta_input(const LayerRun& run, const Step& step, std::size_t begin) {
  const DeltaNetConfig& net = run.config().delta_net;
  const std::size_t channels = conv_channels(net);
  const std::size_t key_width = net.key_heads * net.key_dim;
  const float* q = run.at(step.in[0]) + begin * channels;
  return {q,
          q + key_width,
          q + 2 * key_width,
          channels,
          run.at(step.in[2]) + begin * net.value_heads,
          run.at(step.in[1]) + begin * net.value_heads};
}

void apply_delta_rule(const LayerRun& run, const Step& step) {
  const DeltaNetConfig& net = run.config().delta_net;
  std::vector<DeltaRun> runs;
  for_each_part(run.pass, [&](const Part& part, std::size_t begin) {
    runs.push_back(
        {&writable(*part.state, run.index).delta, delta_input(run, step, begin), part.tokens.size(),
         run.at(step.out[0]) + begin * net.value_heads * net.value_dim, part.tentative != nullptr});
  });
  delta_rule(run.compute(), runs);
}

void apply_delta_rule_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                               Training& /*training*/) {
  const DeltaNetConfig& net = run.config().delta_net;
  const std::size_t key_width = net.key_heads * net.key_dim;
  float* dq = gradients[step.in[0]];
  delta_rule_backward(run.compute(), delta_shape(net), delta_input(run, step, 0), run.pass.tokens,
                      gradients[step.out[0]],
                      {dq, dq + key_width, dq + 2 * key_width, conv_channels(net),
                       gradients[step.in[2]], gradients[step.in[1]]});
}

}  // namespace

const Operation kDeltaGates{"delta gates", delta_gates, delta_gates_backward};
const Operation kConvolve{"convolve", convolve, convolve_backward, true};
const Operation kApplyDeltaRule{"delta rule", apply_delta_rule, apply_delta_rule_backward, true};

}  // namespace cellm
