// Facts about a model for reports.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/engine.h"

namespace cellm {

// Bits per weight over all tensors, scales included; the total of `cellm inspect`.
double bits_per_weight(const ModelSource& source);

// The format of most weights, as stored_name() calls it: "f16", "q4_1", "int4-g32".
std::string main_format(const ModelSource& source);

// Throws Error(kUsage), naming the model, unless it has the vocabulary and the shapes of
// `expected`.
void require_same_model(const ModelConfig& model, const ModelConfig& expected,
                        std::string_view name);

// Whether a model with these weights computes with exact activations even if `activations` allows
// rounding: because no matrix has a packed form, or the processor has no bf16. The engine's error
// floor then comes from its cache alone.
bool computes_exactly(const ModelSource& source, Activations activations,
                      const KernelTable& kernels);

}  // namespace cellm
