#include "tune/layer.h"

#include <algorithm>
#include <cmath>

#include "model/pass.h"
#include "ops/activation.h"
#include "ops/activation_backward.h"
#include "ops/attention.h"
#include "ops/attention_backward.h"
#include "ops/conv.h"
#include "ops/conv_backward.h"
#include "ops/delta_rule.h"
#include "ops/delta_rule_backward.h"
#include "ops/norm.h"
#include "ops/norm_backward.h"

namespace cellm {
namespace {

using Values = std::vector<float>;

// The work on one layer of one sequence: what both directions need to know.
struct Task {
  const Compute& compute;
  const ModelConfig& config;
  const RopeAngles& angles;
  std::size_t tokens;
};

void multiply(const Task& task, const TunableParts& parts, const Linear& linear, const Values& x,
              Values& y) {
  const TunableMatrix& matrix = parts.matrices.at(&linear);
  y.resize(task.tokens * matrix.rows());
  matrix.forward(task.compute, x.data(), task.tokens, y.data());
}

void multiply_backward(const Task& task, TunableParts& parts, const Linear& linear, const Values& x,
                       const Values& y, const Values& dy, Values& dx) {
  parts.matrices.at(&linear).backward(task.compute, x.data(), y.data(), dy.data(), task.tokens,
                                      dx.data());
}

// Rows of `width` out of x, as wide as norms take them.
void normalize(const Task& task, const Values& x, const Values& weight, Values& out) {
  out.resize(x.size());
  rms_norm(task.compute, x.data(), weight.data(), task.config.rms_norm_eps,
           x.size() / weight.size(), weight.size(), out.data());
}

// In place on dy.
void normalize_backward(const Task& task, TunableParts& parts, const Values& x,
                        const Values& weight, Values& dy) {
  rms_norm_backward(task.compute, x.data(), weight.data(), task.config.rms_norm_eps,
                    x.size() / weight.size(), weight.size(), dy.data(), dy.data(),
                    parts.norm_gradients.at(&weight).data());
}

void add(const Task& task, const Values& x, Values& to) {
  add_to(task.compute, to.data(), x.data(), x.size());
}

// (rows, 2, head_dim) as two, and back.
void part_gates(const Values& both, std::size_t head_dim, Values& queries, Values& gates) {
  queries.resize(both.size() / 2);
  gates.resize(both.size() / 2);
  for (std::size_t i = 0; i < queries.size(); i += head_dim) {
    std::copy_n(both.data() + 2 * i, head_dim, queries.data() + i);
    std::copy_n(both.data() + 2 * i + head_dim, head_dim, gates.data() + i);
  }
}

Values join_gates(const Values& queries, const Values& gates, std::size_t head_dim) {
  Values both(queries.size() * 2);
  for (std::size_t i = 0; i < queries.size(); i += head_dim) {
    std::copy_n(queries.data() + i, head_dim, both.data() + 2 * i);
    std::copy_n(gates.data() + i, head_dim, both.data() + 2 * i + head_dim);
  }
  return both;
}

void rotate(const Task& task, const RopeAngles& angles, std::size_t heads, Values& x) {
  apply_rope(angles, task.config.rotary_dim / 2, x.data(), task.tokens, heads,
             task.config.head_dim);
}

float attention_scale(const ModelConfig& config) {
  return 1.0F / std::sqrt(static_cast<float>(config.head_dim));
}

void attention_forward(const Task& task, const TunableParts& parts, const Attention& mixer,
                       LayerRecord& r) {
  const ModelConfig& config = task.config;
  multiply(task, parts, mixer.q_proj, r.normed, r.projected);
  multiply(task, parts, mixer.k_proj, r.normed, r.raw_keys);
  multiply(task, parts, mixer.v_proj, r.normed, r.values);
  if (config.output_gate) {
    part_gates(r.projected, config.head_dim, r.raw_queries, r.gates);
  } else {
    r.raw_queries = r.projected;
  }
  if (config.qk_norm) {
    normalize(task, r.raw_queries, mixer.q_norm, r.queries);
    normalize(task, r.raw_keys, mixer.k_norm, r.keys);
  } else {
    r.queries = r.raw_queries;
    r.keys = r.raw_keys;
  }
  rotate(task, task.angles, config.heads, r.queries);
  rotate(task, task.angles, config.kv_heads, r.keys);
  KvCache cache({config.kv_heads, config.head_dim, KvEncoding::kF32, 64});
  const std::size_t kv_width = config.kv_heads * config.head_dim;
  for (std::size_t t = 0; t < task.tokens; ++t) {
    cache.write(task.compute, t, r.keys.data() + t * kv_width, r.values.data() + t * kv_width);
  }
  Values queries = r.queries;  // is used up
  r.mixed.resize(queries.size());
  attention(task.compute, cache, config.heads, attention_scale(config), 0, task.tokens,
            queries.data(), r.mixed.data());
  r.gated = r.mixed;
  if (config.output_gate) {
    task.compute.kernels.sigmoid_multiply(r.gates.data(), r.gated.data(), r.gated.size());
  }
}

// dgated: of the output matrix's input. dnormed is added to.
void attention_back(const Task& task, TunableParts& parts, const Attention& mixer,
                    const LayerRecord& r, Values& dgated, Values& dnormed) {
  const ModelConfig& config = task.config;
  Values dgates;
  if (config.output_gate) {
    dgates.resize(r.gates.size());
    sigmoid_multiply_backward(task.compute, r.gates.data(), r.mixed.data(), dgated.data(),
                              dgated.size(), dgates.data(), dgated.data());
  }
  Values dqueries(r.queries.size());
  Values dkeys(r.keys.size());
  Values dvalues(r.values.size());
  attention_backward(task.compute, {config.heads, config.kv_heads, config.head_dim},
                     attention_scale(config), task.tokens, r.queries.data(), r.keys.data(),
                     r.values.data(), r.mixed.data(), dgated.data(), dqueries.data(), dkeys.data(),
                     dvalues.data());
  const RopeAngles back = reversed(task.angles);
  rotate(task, back, config.heads, dqueries);
  rotate(task, back, config.kv_heads, dkeys);
  if (config.qk_norm) {
    normalize_backward(task, parts, r.raw_queries, mixer.q_norm, dqueries);
    normalize_backward(task, parts, r.raw_keys, mixer.k_norm, dkeys);
  }
  if (config.output_gate) dqueries = join_gates(dqueries, dgates, config.head_dim);
  multiply_backward(task, parts, mixer.q_proj, r.normed, r.projected, dqueries, dnormed);
  multiply_backward(task, parts, mixer.k_proj, r.normed, r.raw_keys, dkeys, dnormed);
  multiply_backward(task, parts, mixer.v_proj, r.normed, r.values, dvalues, dnormed);
}

std::size_t key_width(const DeltaNetConfig& net) {
  return net.key_heads * net.key_dim;
}
DeltaInput delta_input(const DeltaNetConfig& net, const LayerRecord& r) {
  const float* q = r.convolved.data();
  return {q,          q + key_width(net), q + 2 * key_width(net), conv_channels(net),
          r.g.data(), r.beta.data()};
}

void delta_net_forward(const Task& task, const TunableParts& parts, const GatedDeltaNet& mixer,
                       LayerRecord& r) {
  const DeltaNetConfig& net = task.config.delta_net;
  multiply(task, parts, mixer.in_proj_qkv, r.normed, r.projected);
  multiply(task, parts, mixer.in_proj_z, r.normed, r.gates);
  multiply(task, parts, mixer.in_proj_b, r.normed, r.raw_beta);
  multiply(task, parts, mixer.in_proj_a, r.normed, r.raw_decay);
  r.beta.resize(r.raw_beta.size());
  r.g.resize(r.raw_decay.size());
  for (std::size_t i = 0; i < r.beta.size(); ++i) {
    const std::size_t head = i % net.value_heads;
    r.beta[i] = sigmoid(r.raw_beta[i]);
    r.g[i] = mixer.decay_rate[head] * softplus(r.raw_decay[i] + mixer.dt_bias[head]);
  }
  const std::size_t channels = conv_channels(net);
  Values window((net.conv_kernel - 1) * channels);
  r.convolved.resize(r.projected.size());
  causal_conv(task.compute, mixer.conv.data(), net.conv_kernel, channels, r.projected.data(),
              task.tokens, window.data(), r.convolved.data());
  DeltaState state(delta_shape(net));
  r.mixed.resize(task.tokens * net.value_heads * net.value_dim);
  delta_rule(task.compute, state, delta_input(net, r), task.tokens, r.mixed.data());
  r.gated = r.mixed;
  gated_rms_norm(task.compute, r.gated.data(), mixer.norm.data(), r.gates.data(),
                 task.config.rms_norm_eps, task.tokens * net.value_heads, net.value_dim);
}

void delta_net_back(const Task& task, TunableParts& parts, const GatedDeltaNet& mixer,
                    const LayerRecord& r, Values& dgated, Values& dnormed) {
  const DeltaNetConfig& net = task.config.delta_net;
  Values dz(r.gates.size());
  gated_rms_norm_backward(task.compute, r.mixed.data(), mixer.norm.data(), r.gates.data(),
                          task.config.rms_norm_eps, task.tokens * net.value_heads, net.value_dim,
                          dgated.data(), dgated.data(), dz.data(),
                          parts.norm_gradients.at(&mixer.norm).data());
  Values dconvolved(r.convolved.size());
  Values dg(r.g.size());
  Values dbeta(r.beta.size());
  float* dq = dconvolved.data();
  delta_rule_backward(task.compute, delta_shape(net), delta_input(net, r), task.tokens,
                      dgated.data(),
                      {dq, dq + key_width(net), dq + 2 * key_width(net), conv_channels(net),
                       dg.data(), dbeta.data()});
  Values dprojected(r.projected.size());
  causal_conv_backward(task.compute, mixer.conv.data(), net.conv_kernel, conv_channels(net),
                       r.projected.data(), task.tokens, dconvolved.data(), dprojected.data());
  for (std::size_t i = 0; i < dg.size(); ++i) {
    const std::size_t head = i % net.value_heads;
    dbeta[i] *= r.beta[i] * (1.0F - r.beta[i]);
    dg[i] *= mixer.decay_rate[head] * sigmoid(r.raw_decay[i] + mixer.dt_bias[head]);
  }
  multiply_backward(task, parts, mixer.in_proj_qkv, r.normed, r.projected, dprojected, dnormed);
  multiply_backward(task, parts, mixer.in_proj_z, r.normed, r.gates, dz, dnormed);
  multiply_backward(task, parts, mixer.in_proj_b, r.normed, r.raw_beta, dbeta, dnormed);
  multiply_backward(task, parts, mixer.in_proj_a, r.normed, r.raw_decay, dg, dnormed);
}

}  // namespace

void layer_forward(const Compute& compute, const ModelConfig& config, const RopeAngles& angles,
                   const Layer& layer, const TunableParts& parts, std::size_t tokens,
                   Values& hidden, LayerRecord& r) {
  const Task task{compute, config, angles, tokens};
  r.input = hidden;
  normalize(task, hidden, layer.input_norm, r.normed);
  if (const auto* attention = std::get_if<Attention>(&layer.mixer)) {
    attention_forward(task, parts, *attention, r);
  } else {
    delta_net_forward(task, parts, std::get<GatedDeltaNet>(layer.mixer), r);
  }
  multiply(task, parts, output_matrix(layer), r.gated, r.mixer_out);
  add(task, r.mixer_out, hidden);
  r.middle = hidden;
  const FeedForward& feed_forward = layer.feed_forward;
  normalize(task, hidden, layer.post_norm, r.post_normed);
  multiply(task, parts, feed_forward.gate_proj, r.post_normed, r.gate);
  multiply(task, parts, feed_forward.up_proj, r.post_normed, r.up);
  r.active = r.gate;
  silu_multiply(compute, r.active.data(), r.up.data(), r.active.size());
  multiply(task, parts, feed_forward.down_proj, r.active, r.down);
  add(task, r.down, hidden);
}

void layer_backward(const Compute& compute, const ModelConfig& config, const RopeAngles& angles,
                    const Layer& layer, TunableParts& parts, std::size_t tokens,
                    const LayerRecord& r, Values& gradient) {
  const Task task{compute, config, angles, tokens};
  const FeedForward& feed_forward = layer.feed_forward;
  Values dactive(r.active.size());
  multiply_backward(task, parts, feed_forward.down_proj, r.active, r.down, gradient, dactive);
  Values dgate(r.gate.size());
  silu_multiply_backward(compute, r.gate.data(), r.up.data(), dactive.data(), dactive.size(),
                         dgate.data(), dactive.data());
  Values dnormed(r.post_normed.size());
  multiply_backward(task, parts, feed_forward.gate_proj, r.post_normed, r.gate, dgate, dnormed);
  multiply_backward(task, parts, feed_forward.up_proj, r.post_normed, r.up, dactive, dnormed);
  normalize_backward(task, parts, r.middle, layer.post_norm, dnormed);
  add(task, dnormed, gradient);

  Values dgated(r.gated.size());
  multiply_backward(task, parts, output_matrix(layer), r.gated, r.mixer_out, gradient, dgated);
  std::fill(dnormed.begin(), dnormed.end(), 0.0F);
  if (const auto* attention = std::get_if<Attention>(&layer.mixer)) {
    attention_back(task, parts, *attention, r, dgated, dnormed);
  } else {
    delta_net_back(task, parts, std::get<GatedDeltaNet>(layer.mixer), r, dgated, dnormed);
  }
  normalize_backward(task, parts, r.input, layer.input_norm, dnormed);
  add(task, dnormed, gradient);
}

}  // namespace cellm
