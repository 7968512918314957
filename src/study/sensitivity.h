// The divergence of a model with one part quantized and the rest in the reference format.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "eval/evaluate.h"

namespace cellm {

// A part of a model: all matrices of one layer, or one kind of matrix in all layers.
struct ModelPart {
  std::string name;  // "layer 3", "down_proj", "embed_tokens"
  bool is_layer = false;
  std::vector<std::string> tensors;  // names in the file
};

// The layers, then the kinds of matrices, in the order of the forward pass. Matrices of a single
// row or column are no part.
std::vector<ModelPart> model_parts(const OpenedModel& model);

struct PartSensitivity {
  std::size_t part = 0;  // index in the parts
  double kld = 0.0;      // mean KL(reference ‖ model), nats per token
};

struct SensitivityOptions {
  EvalOptions eval;
  std::string target;
  unsigned threads = 0;
};

// For each part in turn, measures the mean KL divergence from `reference` of a model with this
// part's tensors from `quantized` and all others from `reference`, with exact activations. Parts
// whose tensors are in the reference's formats in `quantized` are left out. progress: parts done
// and in total; may throw to cancel.
std::vector<PartSensitivity> measure_sensitivity(
    const std::shared_ptr<const OpenedModel>& reference,
    const std::shared_ptr<const OpenedModel>& quantized, std::span<const ModelPart> parts,
    std::span<const EvalTokens> texts, const SensitivityOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& progress);

}  // namespace cellm
