// The Hugging Face configuration files that a GGUF file's metadata stands for.
#pragma once

#include <string>

#include "io/gguf_file.h"
#include "io/gguf_model.h"

namespace cellm {

// config.json as Hugging Face would have it. If `rope_freqs.weight` is there, rope_parameters have
// the rope_type "cellm_rope_factors" and its values as "factors": inv_freq[i] is divided by
// factors[i].
std::string make_gguf_config_json(const GgufFile& file, const GgufModel& model);

// generation_config.json: the ids that end an answer, and the recommended sampling. Empty if the
// file says nothing about either.
std::string make_gguf_generation_config_json(const GgufFile& file, const GgufModel& model);

}  // namespace cellm
