// Tensors in a source that the model does not use.
#pragma once

#include <string>

#include "io/model_source.h"
#include "model/config.h"

namespace cellm {

// Throws Error(kUnsupported) naming a tensor that the configuration does not announce and without
// which the results would be those of another model: any in one of its layers, a bias that is not
// zero, the head of another task. Buffers that transformers computes anew or uses for training or
// quantized activations only are none of these.
void refuse_unknown_tensors(const ModelSource& source, const ModelConfig& config);

// "N tensors are not used: A, B, ..."; empty if all are. Other parts of a multimodal model and
// blocks that predict further tokens are not counted.
std::string unused_tensors_note(const ModelSource& source, const ModelConfig& config);

}  // namespace cellm
