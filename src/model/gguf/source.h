// A GGUF file as a model.
#pragma once

#include <filesystem>
#include <memory>

#include "base/mapped_file.h"
#include "io/model_source.h"

namespace cellm {

// Reads a GGUF file of a family's architecture and presents it in the Hugging Face form: names are
// mapped, and row orders and norm weights are converted back row by row when they are read. Throws
// Error(kData) for a damaged file or one that contradicts itself, Error(kUnsupported) for another
// architecture, number type or feature. read_rows() of the result throws Error(kData) for a decay
// that has no logarithm.
std::unique_ptr<ModelSource> open_gguf(std::shared_ptr<const MappedFile> file);
std::unique_ptr<ModelSource> open_gguf(const std::filesystem::path& path);

}  // namespace cellm
