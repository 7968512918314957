// The index of a sharded Hugging Face model (NAME.safetensors.index.json).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace cellm {

// The tensors that the index lists for each file; files are names, never paths ("./" before a name
// is dropped). Throws Error(kData), naming `source`, for anything but an object "weight_map" from
// tensors to names ending in ".safetensors".
std::map<std::string, std::set<std::string>> parse_shard_index(std::string_view json,
                                                               const std::string& source);

}  // namespace cellm
