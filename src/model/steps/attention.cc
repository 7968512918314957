#include "ops/attention.h"

#include <cmath>

#include "model/steps/common.h"
#include "ops/attention_backward.h"
#include "ops/rope.h"

namespace cellm {
namespace {

// (tokens, heads, 2, head_dim) becomes queries and gates, each (tokens, heads, head_dim).
void split_gates(const LayerRun& run, const Step& step) {
  const std::size_t head_dim = run.config().head_dim;
  const float* both = run.at(step.in[0]);
  for (std::size_t i = 0; i < run.size(step.out[0]); i += head_dim, both += 2 * head_dim) {
    std::copy_n(both, head_dim, run.at(step.out[0]) + i);
    std::copy_n(both + head_dim, head_dim, run.at(step.out[1]) + i);
  }
}

void split_gates_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                          Training& /*training*/) {
  const std::size_t head_dim = run.config().head_dim;
  float* both = gradients[step.in[0]];
  for (std::size_t i = 0; i < run.size(step.out[0]); i += head_dim, both += 2 * head_dim) {
    std::copy_n(gradients[step.out[0]] + i, head_dim, both);
    std::copy_n(gradients[step.out[1]] + i, head_dim, both + head_dim);
  }
}

void rotate_heads(const LayerRun& run, const RopeAngles& angles, Slot slot, float* x) {
  const ModelConfig& config = run.config();
  apply_rope(angles, config.rotary_dim / 2, x, run.pass.tokens,
             slot_width(config, run.layer.spec, slot) / config.head_dim, config.head_dim);
}

void rotate(const LayerRun& run, const Step& step) {
  for (std::size_t i = 0; i < step.in.size(); ++i) {
    rotate_heads(run, run.pass.angles, step.in[i], carried(run, step.in[i], step.out[i]));
  }
}

void rotate_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                     Training& /*training*/) {
  const RopeAngles back = reversed(run.pass.angles);
  for (std::size_t i = 0; i < step.in.size(); ++i) {
    rotate_heads(run, back, step.in[i], carried_back(run, gradients, step.in[i], step.out[i]));
  }
}

float attention_scale(const ModelConfig& config) {
  return 1.0F / std::sqrt(static_cast<float>(config.head_dim));
}

void attend(const LayerRun& run, const Step& step) {
  const ModelConfig& config = run.config();
  const std::size_t width = config.heads * config.head_dim;
  const std::size_t kv_width = config.kv_heads * config.head_dim;
  float* queries = run.at(step.in[0]);
  const float* keys = run.at(step.in[1]);
  const float* values = run.at(step.in[2]);
  std::vector<float> copy;
  if (run.pass.keeps_activations) {  // attention() uses the queries up
    copy.assign(queries, queries + run.size(step.in[0]));
    queries = copy.data();
  }
  for_each_part(run.pass, [&](const Part& part, std::size_t begin) {
    SequenceState& state = *part.state;
    const std::size_t count = part.tokens.size();
    auto& cache = std::get<KvCache>(state.layers[run.index]);
    for (std::size_t t = 0; t < count; ++t) {
      const std::size_t at = (begin + t) * kv_width;
      cache.write(run.compute(), state.position + t, keys + at, values + at);
    }
    attention(run.compute(), cache, config.heads, attention_scale(config), state.position, count,
              queries + begin * width, run.at(step.out[0]) + begin * width);
  });
}

void attend_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                     Training& /*training*/) {
  const ModelConfig& config = run.config();
  attention_backward(run.compute(), {config.heads, config.kv_heads, config.head_dim},
                     attention_scale(config), run.pass.tokens, run.at(step.in[0]),
                     run.at(step.in[1]), run.at(step.in[2]), run.at(step.out[0]),
                     gradients[step.out[0]], gradients[step.in[0]], gradients[step.in[1]],
                     gradients[step.in[2]]);
}

}  // namespace

const Operation kSplitGates{"split gates", split_gates, split_gates_backward};
const Operation kRotate{"rotate", rotate, rotate_backward};
const Operation kAttend{"attend", attend, attend_backward, true};

}  // namespace cellm
