#include "ops/activation.h"

#include "model/steps/common.h"
#include "ops/activation_backward.h"

namespace cellm {
namespace {

void multiply_silu(const LayerRun& run, const Step& step) {
  float* out = carried(run, step.in[0], step.out[0]);
  silu_multiply(run.compute(), out, run.at(step.in[1]), run.size(step.in[1]));
}

void multiply_silu_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                            Training& /*training*/) {
  silu_multiply_backward(run.compute(), run.at(step.in[0]), run.at(step.in[1]),
                         gradients[step.out[0]], run.size(step.out[0]), gradients[step.in[0]],
                         gradients[step.in[1]]);
}

void multiply_sigmoid(const LayerRun& run, const Step& step) {
  float* out = carried(run, step.in[1], step.out[0]);
  run.compute().kernels.sigmoid_multiply(run.at(step.in[0]), out, run.size(step.out[0]));
}

void multiply_sigmoid_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                               Training& /*training*/) {
  sigmoid_multiply_backward(run.compute(), run.at(step.in[0]), run.at(step.in[1]),
                            gradients[step.out[0]], run.size(step.out[0]), gradients[step.in[0]],
                            gradients[step.in[1]]);
}

}  // namespace

const Operation kSiluMultiply{"silu multiply", multiply_silu, multiply_silu_backward};
const Operation kSigmoidMultiply{"sigmoid multiply", multiply_sigmoid, multiply_sigmoid_backward};

}  // namespace cellm
