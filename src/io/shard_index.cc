#include "io/shard_index.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"

namespace cellm {

std::map<std::string, std::set<std::string>> parse_shard_index(std::string_view json,
                                                               const std::string& source) {
  std::map<std::string, std::set<std::string>> files;
  const Json document = parse_json(json, source);
  for (const auto& [tensor, file] : JsonNode(document, source + ":").at("weight_map").as_object()) {
    std::string name = file.as_string();
    while (name.starts_with("./")) name.erase(0, 2);
    if (name.empty() || name.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos ||
        !name.ends_with(".safetensors")) {
      throw data_error("{}: \"{}\" is not the name of a safetensors file in this folder",
                       file.path(), printable(name));
    }
    files[name].insert(tensor);
  }
  return files;
}

}  // namespace cellm
