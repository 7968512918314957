// The backward pass of the decoder's layers: weights in training, saved activations and gradients.
#pragma once

#include <array>
#include <cstddef>
#include <unordered_map>
#include <vector>

#include "model/model.h"
#include "model/pass.h"
#include "ops/compute.h"
#include "tune/matrix.h"

namespace cellm {

// The trainable parts of a model: the matrices of its layers, and its norms.
class TunableParts final : public Training {
 public:
  void multiply(const LayerRun& run, std::span<const TensorRole> weights,
                std::span<const Product> products, const float* x) override;
  void multiply_backward(const LayerRun& run, const Linear& linear, const float* x, const float* y,
                         const float* dy, float* dx) override;
  float* norm_gradient(const std::vector<float>& weight) override;

  // Keyed by the address in the model.
  std::unordered_map<const Linear*, TunableMatrix> matrices;
  std::unordered_map<const std::vector<float>*, std::vector<float>> norm_gradients;
};

// A buffer for each slot of a layer: the activations that one sequence saved there, or their
// gradients.
class LayerBuffers {
 public:
  // Buffers for every slot that the layer's steps name, of so many tokens.
  Slots resize(const ModelConfig& config, const Layer& layer, std::size_t tokens);
  void clear();  // all to zero

  std::vector<float>& operator[](Slot slot) { return values_[static_cast<std::size_t>(slot)]; }
  const std::vector<float>& operator[](Slot slot) const {
    return values_[static_cast<std::size_t>(slot)];
  }

 private:
  std::array<std::vector<float>, kSlots> values_;
};

// hidden: (tokens, hidden), the residual stream of a whole sequence before the layer; on return,
// after it. Saves the activations.
void layer_forward(Pass& pass, const Layer& layer, std::size_t index, std::vector<float>& hidden,
                   LayerBuffers& saved);

// gradient: of the residual stream after the layer; on return, before it. Adds to the gradients of
// the trained parts. work: scratch memory, kept between calls.
void layer_backward(Pass& pass, const Layer& layer, std::size_t index, LayerBuffers& saved,
                    TunableParts& parts, std::vector<float>& gradient, LayerBuffers& work);

}  // namespace cellm
