#include "ops/linear.h"

#include <array>

#include "base/error.h"
#include "model/steps/common.h"
#include "ops/activation.h"

namespace cellm {
namespace {

constexpr std::size_t kMaxProducts = 4;  // of one input

void multiply(const LayerRun& run, const Step& step) {
  std::array<Product, kMaxProducts> memory{};
  CELLM_CHECK(step.weights.size() <= kMaxProducts);
  for (std::size_t i = 0; i < step.weights.size(); ++i) {
    memory[i] = {&run.layer.matrix(step.weights[i]), run.at(step.out[i])};
  }
  const std::span<const Product> products(memory.data(), step.weights.size());
  const float* x = run.at(step.in[0]);
  if (run.pass.multiplier != nullptr) {
    run.pass.multiplier->multiply(run, step.weights, products, x);
  } else {
    apply(run.compute(), products, x, run.pass.tokens);
  }
}

void multiply_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                       Training& training) {
  for (std::size_t i = 0; i < step.weights.size(); ++i) {
    training.multiply_backward(run, run.layer.matrix(step.weights[i]), run.at(step.in[0]),
                               run.at(step.out[i]), gradients[step.out[i]], gradients[step.in[0]]);
  }
}

void add_residual(const LayerRun& run, const Step& step) {
  float* stream = carried(run, step.in[0], step.out[0]);
  add_to(run.compute(), stream, run.at(step.in[1]), run.size(step.in[1]));
}

void add_residual_backward(const LayerRun& run, const Step& step, const Slots& gradients,
                           Training& /*training*/) {
  for (const Slot in : step.in) {
    add_to(run.compute(), gradients[in], gradients[step.out[0]], run.size(in));
  }
}

}  // namespace

const Operation kMultiply{"multiply", multiply, multiply_backward};
const Operation kAddResidual{"add residual", add_residual, add_residual_backward};

}  // namespace cellm
