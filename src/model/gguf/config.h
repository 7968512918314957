// The Hugging Face configuration files equivalent to a GGUF file's metadata.
#pragma once

#include <string>

#include "io/gguf_file.h"
#include "io/json.h"
#include "model/gguf/sizes.h"

namespace cellm {

// The equivalent config.json.
Json make_gguf_config(const GgufModelKeys& keys, const GgufSizes& sizes, const Family& family);

// generation_config.json: the ids that end an answer, and the recommended sampling. Empty if the
// file says nothing about either.
std::string make_gguf_generation_config_json(const GgufFile& file, const GgufSizes& sizes);

}  // namespace cellm
