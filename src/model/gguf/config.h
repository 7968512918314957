// The Hugging Face configuration files equivalent to a GGUF file's metadata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/gguf_file.h"
#include "io/json.h"
#include "model/gguf/sizes.h"

namespace cellm {

// The id under tokenizer.ggml.NAME_token_id. Nothing if the file has no such key or an id outside
// of the `vocab` tokens: writers put −1, often as an unsigned number, where there is no such token.
// Throws Error(kData) for a value that is no integer.
std::optional<std::uint32_t> gguf_token_id(const GgufFile& file, std::string_view name,
                                           std::size_t vocab);

// The equivalent config.json.
Json make_gguf_config(const GgufModelKeys& keys, const GgufSizes& sizes, const Family& family);

// generation_config.json: the ids that end an answer, and the recommended sampling. Empty if the
// file says nothing about either.
std::string make_gguf_generation_config_json(const GgufFile& file, const GgufSizes& sizes);

}  // namespace cellm
