// A model's identity: the checksum of its bytes.
#pragma once

#include <cstdint>

#include "io/model_source.h"

namespace cellm {

// XXH3-64 of a model's bytes: of the file; for a folder, of config.json and all *.safetensors in
// the order of their names, each preceded by its name and a zero byte. Reads all of them. Throws
// Error(kData).
std::uint64_t model_checksum(const ModelSource& source);

}  // namespace cellm
