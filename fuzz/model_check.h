// Postconditions of a model from any container.
#pragma once

#include "io/model_source.h"

namespace cellm::fuzz {

// Reads configuration, tokenizer and rows of every tensor, as the programs do.
void check_model(const ModelSource& source);

}  // namespace cellm::fuzz
