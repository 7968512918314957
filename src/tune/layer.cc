#include "tune/layer.h"

#include <algorithm>

namespace cellm {

void TunableParts::multiply(const LayerRun& run, std::span<const TensorRole> /*weights*/,
                            std::span<const Product> products, const float* x) {
  for (const Product& product : products) {
    matrices.at(product.linear).forward(run.compute(), x, run.pass.tokens, product.y);
  }
}

void TunableParts::multiply_backward(const LayerRun& run, const Linear& linear, const float* x,
                                     const float* y, const float* dy, float* dx) {
  matrices.at(&linear).backward(run.compute(), x, y, dy, run.pass.tokens, dx);
}

float* TunableParts::norm_gradient(const std::vector<float>& weight) {
  return norm_gradients.at(&weight).data();
}

Slots LayerBuffers::resize(const ModelConfig& config, const Layer& layer, std::size_t tokens) {
  Slots slots;
  const auto add = [&](Slot slot) {
    std::vector<float>& values = (*this)[slot];
    values.resize(tokens * slot_width(config, layer.spec, slot));
    slots[slot] = values.data();
  };
  for (const Step& step : layer.steps) {
    for (const Slot slot : step.in) add(slot);
    for (const Slot slot : step.out) add(slot);
  }
  return slots;
}

void LayerBuffers::clear() {
  for (auto& values : values_) std::fill(values.begin(), values.end(), 0.0F);
}

void layer_forward(Pass& pass, const Layer& layer, std::size_t index, std::vector<float>& hidden,
                   LayerBuffers& saved) {
  pass.slots = saved.resize(pass.config, layer, pass.tokens);
  std::copy(hidden.begin(), hidden.end(), saved[Slot::kInput].begin());
  run_steps({pass, layer, index}, layer.steps);
  std::copy(saved[Slot::kOutput].begin(), saved[Slot::kOutput].end(), hidden.begin());
}

void layer_backward(Pass& pass, const Layer& layer, std::size_t index, LayerBuffers& saved,
                    TunableParts& parts, std::vector<float>& gradient, LayerBuffers& work) {
  pass.slots = saved.resize(pass.config, layer, pass.tokens);
  const Slots gradients = work.resize(pass.config, layer, pass.tokens);
  work.clear();
  std::copy(gradient.begin(), gradient.end(), work[Slot::kOutput].begin());
  run_steps_backward({pass, layer, index}, gradients, parts);
  std::copy(work[Slot::kInput].begin(), work[Slot::kInput].end(), gradient.begin());
}

}  // namespace cellm
