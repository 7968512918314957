// The size of a model in parameters.
#pragma once

#include <cstdint>

#include "io/model_source.h"

namespace cellm {

// Elements of all tensors of the container.
std::uint64_t parameter_count(const ModelSource& source);

}  // namespace cellm
