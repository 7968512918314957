// Biases in a source that the model would not use.
#pragma once

#include "io/model_source.h"
#include "model/config.h"

namespace cellm {

// Throws Error(kUnsupported) naming the bias of a matrix of the text model that the configuration
// does not announce: without it the results would be those of another model.
void refuse_unknown_biases(const ModelSource& source, const ModelConfig& config);

}  // namespace cellm
