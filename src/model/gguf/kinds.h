// GGUF files that hold no language model.
#pragma once

#include "io/gguf_file.h"

namespace cellm {

// Throws Error(kUnsupported) for a LoRA adapter, a projector for images, an importance matrix, a
// control vector and a vocabulary alone, by general.type and general.architecture.
void refuse_other_kinds(const GgufFile& file);

}  // namespace cellm
