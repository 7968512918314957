// Opening a model, whatever its container.
#pragma once

#include <filesystem>
#include <memory>

#include "io/folder_file.h"
#include "io/model_source.h"

namespace cellm {

// Opens a Hugging Face folder, a .gguf or a .cellm file; decides by content, not by name. Throws
// Error(kData) for a damaged model and Error(kUnsupported) for anything else. `links` applies to
// the files of a folder; a path to a file is opened wherever it leads.
std::unique_ptr<ModelSource> open_model_source(const std::filesystem::path& path,
                                               Links links = Links::kInside);

}  // namespace cellm
