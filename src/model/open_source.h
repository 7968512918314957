// Opening a model, whatever its container.
#pragma once

#include <filesystem>
#include <memory>

#include "io/folder_file.h"
#include "io/model_source.h"

namespace cellm {

// Opens a Hugging Face folder, a .gguf or a .cellm file; decides by content, not by name. Throws
// Error(kData) for what is damaged and Error(kUnsupported) for what is none of the three. `links`
// is about the files of a folder; a file that is named itself is opened wherever it lies.
std::unique_ptr<ModelSource> open_model_source(const std::filesystem::path& path,
                                               Links links = Links::kInside);

}  // namespace cellm
