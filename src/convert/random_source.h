// A model of a known shape with random weights: for speed and size work without a file.
#pragma once

#include <memory>
#include <string_view>

#include "convert/rules.h"
#include "io/model_source.h"

namespace cellm {

// shape: "qwen3.5-0.8b", "qwen3-0.6b" or "smollm2-135m". Matrices are in memory in the formats that
// `formats` assigns, filled with random codes, the same at every call. Throws
// Error(kUsage) for an unknown shape, listing those there are.
std::unique_ptr<ModelSource> random_model(std::string_view shape, const GeneralFormats& formats);

}  // namespace cellm
