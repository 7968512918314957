#include "ops/norm.h"

#include "model/steps/common.h"
#include "ops/activation.h"
#include "ops/norm_backward.h"

namespace cellm {
namespace {

// A norm's weight may be narrower than the slot: it then norms each head.
void normalize(const LayerRun& run, const Step& step) {
  const std::vector<float>& weight = run.layer.vector(step.weights[0]);
  rms_norm(run.compute(), run.at(step.in[0]), weight.data(), run.config().rms_norm_eps,
           run.size(step.in[0]) / weight.size(), weight.size(), run.at(step.out[0]));
}

void normalize_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                        Training& training) {
  const std::vector<float>& weight = run.layer.vector(step.weights[0]);
  float* gradient = gradients[step.out[0]];
  rms_norm_backward(run.compute(), run.at(step.in[0]), weight.data(), run.config().rms_norm_eps,
                    run.size(step.in[0]) / weight.size(), weight.size(), gradient, gradient,
                    training.norm_gradient(weight));
  add_to(run.compute(), gradients[step.in[0]], gradient, run.size(step.in[0]));
}

void gated_normalize(const LayerRun& run, const Step& step) {
  const std::vector<float>& weight = run.layer.vector(step.weights[0]);
  float* out = carried(run, step.in[0], step.out[0]);
  gated_rms_norm(run.compute(), out, weight.data(), run.at(step.in[1]), run.config().rms_norm_eps,
                 run.size(step.in[0]) / weight.size(), weight.size());
}

void gated_normalize_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                              Training& training) {
  const std::vector<float>& weight = run.layer.vector(step.weights[0]);
  gated_rms_norm_backward(run.compute(), run.at(step.in[0]), weight.data(), run.at(step.in[1]),
                          run.config().rms_norm_eps, run.size(step.in[0]) / weight.size(),
                          weight.size(), gradients[step.out[0]], gradients[step.in[0]],
                          gradients[step.in[1]], training.norm_gradient(weight));
}

}  // namespace

const Operation kNormalize{"normalize", normalize, normalize_backward};
const Operation kGatedNormalize{"gated normalize", gated_normalize, gated_normalize_backward};

}  // namespace cellm
