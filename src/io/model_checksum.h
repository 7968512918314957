// A model's identity: the checksum of its bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/model_source.h"

namespace cellm {

// XXH3-64 of a model's bytes: of the file; for a folder, of config.json and all *.safetensors in
// the order of their names, each preceded by its name and a zero byte. Then of the model's other
// files (ModelSource::part_paths()) and of what is merged into it. Reads all of them. Throws
// Error(kData).
std::uint64_t model_checksum(const ModelSource& source);

// XXH3-64 of the bytes of files, one after the other. Throws Error(kData).
std::uint64_t files_checksum(const std::vector<std::string>& paths);

}  // namespace cellm
