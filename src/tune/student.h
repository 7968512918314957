// A quantized model whose scales and norms are trained to match the distributions of a teacher.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/model.h"
#include "ops/compute.h"
#include "tune/layer.h"
#include "tune/matrix.h"

namespace cellm {

enum class ParameterKind { kRows, kColumns, kNorm };

// Trainable numbers with their accumulated gradients.
struct Parameter {
  std::string tensor;  // as in model_tensors()
  ParameterKind kind;
  std::span<float> values;  // factors of rows and columns, or a norm's weight, its offset included
  std::span<float> gradients;
  float offset = 0.0F;  // stored weight = value − offset, for norms
};

class Student {
 public:
  // Keeps all matrices in memory twice (TunableMatrix), as f32 if `exact`. The model must outlive
  // it; its norms are trained in place, its matrices are not changed.
  Student(const Compute& compute, Model& model, bool exact);

  // In the order of the forward pass. Valid during the lifetime of this object.
  std::vector<Parameter> parameters();

  // Residual streams after the final norm, (tokens, hidden), of a sequence from its beginning.
  std::vector<float> forward(const Compute& compute, std::span<const std::uint32_t> tokens);

  // The mean over all positions of KL(teacher ‖ student), in nats, with the teacher's distributions
  // computed from its final residual streams and its output matrix. Adds to the gradients.
  double learn(const Compute& compute, std::span<const std::uint32_t> tokens,
               const std::vector<float>& teacher_hidden, const Linear& teacher_head);
  // The same divergence, without gradients.
  double divergence(const Compute& compute, std::span<const std::uint32_t> tokens,
                    const std::vector<float>& teacher_hidden, const Linear& teacher_head);

  // The first place in the forward pass with a value that is not finite: "layer 3", or "the output
  // matrix" if all layers are finite.
  std::string find_nonfinite(const Compute& compute, std::span<const std::uint32_t> tokens);

 private:
  struct WholeSequence;

  // The residual stream after the last layer. saved: one for each layer, or one for all in turn.
  std::vector<float> run(WholeSequence& sequence, std::span<LayerBuffers> saved);
  std::vector<float> final_norm(const Pass& pass, const std::vector<float>& hidden) const;

  Model& model_;
  TunableParts parts_;
  TunableMatrix head_;               // not trained
  std::vector<LayerBuffers> saved_;  // activations of the last sequence, by layer
  LayerBuffers gradients_;           // of one layer
};

}  // namespace cellm
