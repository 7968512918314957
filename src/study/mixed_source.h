// A model composed of the tensors of two files.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "io/model_source.h"

namespace cellm {

// The model `base`, with the tensors for which `taken(name)` is true from `other`, if it has them
// in the same shape. Keeps both alive. Thread-safe if they are.
std::unique_ptr<ModelSource> mix_sources(std::shared_ptr<const ModelSource> base,
                                         std::shared_ptr<const ModelSource> other,
                                         const std::function<bool(std::string_view name)>& taken);

}  // namespace cellm
