// The Hugging Face configuration files equivalent to a GGUF file's metadata, and the reverse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/gguf_file.h"
#include "io/gguf_layout.h"
#include "io/json.h"
#include "model/config.h"
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

// The reverse of the two: the keys of a model's architecture, and general.sampling.*. `document` is
// the config.json that `config` was read from. Throws Error(kUnsupported) for a rope scaling that
// GGUF has no keys for.
void add_gguf_model_keys(const ModelConfig& config, const JsonNode& document,
                         GgufMetadata& metadata);
void add_gguf_sampling_keys(const JsonNode& generation_config, GgufMetadata& metadata);

// The frequencies of a scaling that GGUF files hold as a tensor of this name.
inline constexpr std::string_view kRopeFactorsTensor = "rope_freqs.weight";

// Whether readers of GGUF files take a control token of this text for the end of an answer, also if
// no key says so.
bool ends_answers(std::string_view token);

}  // namespace cellm
