// GGUF files that are parts of one model (llama-gguf-split).
#pragma once

#include <memory>

#include "io/gguf_file.h"

namespace cellm {

// The model of a file: the file itself, or all parts of the split model that it is a part of, with
// the metadata of the first and the tensors of all. Parts are named NAME-00001-of-00003.gguf and
// lie in one folder. Throws Error(kData) naming a part that is missing or belongs to another model,
// and what GgufFile throws.
std::shared_ptr<const GgufFile> open_gguf_parts(std::shared_ptr<const MappedFile> file);

}  // namespace cellm
