// The operands of the steps of a layer, and their interpreter.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/batch.h"
#include "model/decoder.h"
#include "model/step.h"
#include "ops/linear.h"
#include "ops/rope.h"

namespace cellm {

// Replaces the products of kMultiply steps, for callers that observe the input or substitute other
// weights.
class Multiplier {
 public:
  virtual ~Multiplier() = default;
  // weights: the roles of the products' matrices. x: (tokens, cols) without gaps.
  virtual void multiply(const LayerRun& run, std::span<const TensorRole> weights,
                        std::span<const Product> products, const float* x) = 0;
};

// The weights in training, as the backward pass sees them.
class Training : public Multiplier {
 public:
  // dx += the gradient of x, with y the output of multiply(); also adds to the weights' gradients.
  virtual void multiply_backward(const LayerRun& run, const Linear& linear, const float* x,
                                 const float* y, const float* dy, float* dx) = 0;
  // The gradient of a norm weight, to be added to.
  virtual float* norm_gradient(const std::vector<float>& weight) = 0;
};

// One pass of tokens of one or more sequences through the layers.
struct Pass {
  const Compute& compute;
  const ModelConfig& config;
  std::span<const Part> parts;
  Slots slots;
  std::size_t tokens;  // of all parts
  RopeAngles angles;
  Multiplier* multiplier = nullptr;  // null: apply()
  bool keeps_activations = false;    // for the backward pass: inputs are not overwritten
};

struct LayerRun {
  const Pass& pass;
  const Layer& layer;
  std::size_t index;  // of the layer

  const Compute& compute() const { return pass.compute; }
  const ModelConfig& config() const { return pass.config; }
  float* at(Slot slot) const { return pass.slots[slot]; }
  std::size_t size(Slot slot) const {
    return pass.tokens * slot_width(pass.config, layer.spec, slot);
  }
};

// A pass whose slots are not set yet.
Pass begin_pass(const Compute& compute, const Model& model, std::span<const Part> parts);

// Runs the steps in order. Updates the layer's state of each part, but not the part's position.
void run_steps(const LayerRun& run, std::span<const Step> steps);
// Runs the backward passes of all steps of the layer in reverse order, after run_steps() over whole
// sequences. `gradients`: on entry that of the layer's output is set and all others are zero.
void run_steps_backward(const LayerRun& run, const Slots& gradients, Training& training);

// Calls visit(part, index of its first token in the pass) for each sequence.
template <class Visit>
void for_each_part(const Pass& pass, Visit&& visit) {
  std::size_t begin = 0;
  for (const Part& part : pass.parts) {
    visit(part, begin);
    begin += part.tokens.size();
  }
}

// out = the tokens' rows of the embedding
void embed(const Pass& pass, const Model& model, float* out);
// out = x after the final norm; in place if they are the same
void normalize_output(const Pass& pass, const Model& model, const float* x, float* out);

}  // namespace cellm
