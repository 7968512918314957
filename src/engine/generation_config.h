// generation_config.json, as far as it decides when an answer ends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cellm {

// The ids of "eos_token_id", a number or a list, each once; none if the file does not say. Throws
// Error(kData) naming `source` and the field.
std::vector<std::uint32_t> generation_end_ids(std::string_view json, const std::string& source);

}  // namespace cellm
