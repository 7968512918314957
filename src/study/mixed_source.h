// A model composed of the tensors of two files.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "io/model_source.h"

namespace cellm {

// The model `base` with those tensors for which `taken(name)` holds as `other` has them, if it has
// them in the same shape; everything else (configuration, tokenizer) comes from base. Both are kept
// alive. Thread-safe as they are.
std::unique_ptr<ModelSource> mix_sources(std::shared_ptr<const ModelSource> base,
                                         std::shared_ptr<const ModelSource> other,
                                         const std::function<bool(std::string_view name)>& taken);

}  // namespace cellm
