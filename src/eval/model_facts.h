// What a report says of a model besides its scores.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/engine.h"

namespace cellm {

// Bits of all tensors, scales included, for each weight: what `cellm inspect` shows as the total.
double bits_per_weight(const ModelSource& source);

// The format that most weights have, in small letters: "f16", "bf16", "q4_1", "i4-g32". Groups are
// named if they are not the row.
std::string main_format(const ModelSource& source);

// XXH3-64 of a model's bytes: of the file, or for a folder of config.json and all *.safetensors in
// the order of their names, each preceded by its name and a zero byte. Reads all of them. Throws
// Error(kData).
std::uint64_t model_checksum(const ModelSource& source);

// Throws Error(kUsage) naming the model unless it has the vocabulary and the shapes of `expected`.
void require_same_model(const ModelConfig& model, const ModelConfig& expected,
                        std::string_view name);

// Whether a model with these weights computes with exact activations although `activations` allow
// rounding them: because none of its matrices has a packed form, or the processor no bf16. The
// engine's own floor then lies in its cache alone.
bool computes_exactly(const ModelSource& source, Activations activations,
                      const KernelTable& kernels);

}  // namespace cellm
