// The one list of a model's tensors. Loading and listing are two visitors of it.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/model.h"

namespace cellm {

struct RoleShape {
  TensorRole role;
  std::vector<std::size_t> shape;  // as in a Hugging Face file
};

// The tensors of one layer, in the order of the forward pass.
std::vector<RoleShape> layer_tensors(const ModelConfig& config, const LayerSpec& layer);

// The shape of a tensor as in a Hugging Face file; empty if the model has no such tensor.
std::optional<std::vector<std::size_t>> tensor_shape(const ModelConfig& config, TensorId id);

// Calls visitor.matrix(id, Linear&, rows, cols) and visitor.vector(id, std::vector<float>&, shape)
// for every tensor but the output matrix, in the order of the forward pass; both are const if the
// model is.
template <class AnyModel, class Visitor>
void visit_tensors(AnyModel& model, Visitor&& visitor) {
  const ModelConfig& config = model.config;
  visitor.matrix(kEmbeddingId, model.embedding, config.vocab_size, config.hidden);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    auto& layer = model.layers[i];
    for (const auto& [role, shape] : layer_tensors(config, config.layers[i])) {
      const TensorId id{i, role};
      switch (tensor_kind(role)) {
        case TensorKind::kMatrix:
          visitor.matrix(id, layer.matrix(role), shape[0], shape[1]);
          break;
        case TensorKind::kBias:
          visitor.vector(id, layer.matrix(biased_matrix(role)).bias, shape);
          break;
        default:
          visitor.vector(id, layer.vector(role), shape);
      }
    }
  }
  visitor.vector(kFinalNormId, model.final_norm, std::vector<std::size_t>{config.hidden});
}

// The same for matrices only: calls visit(id, Linear&).
template <class AnyModel, class Visit>
void visit_matrices(AnyModel& model, Visit&& visit) {
  visit(kEmbeddingId, model.embedding);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    for (const auto& tensor : layer_tensors(model.config, model.config.layers[i])) {
      if (tensor_kind(tensor.role) == TensorKind::kMatrix) {
        visit(TensorId{i, tensor.role}, model.layers[i].matrix(tensor.role));
      }
    }
  }
}

}  // namespace cellm
