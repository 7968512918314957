#include "cli/token_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "io/json.h"

namespace cellm {

std::string text_of_json(std::string_view json, const std::string& where) {
  const Json document = parse_json(json, where);
  return JsonNode(document, where + ":").as_string();
}

std::vector<std::uint32_t> ids_of_json(std::string_view json, const std::string& where) {
  const Json document = parse_json(json, where);
  std::vector<std::uint32_t> ids;
  for (const auto& id : JsonNode(document, where + ":").as_array()) {
    ids.push_back(static_cast<std::uint32_t>(id.as_uint(0, UINT32_MAX)));
  }
  return ids;
}

std::string json_of(const std::string& text) {
  return Json(text).dump();
}

std::string json_of(const std::vector<std::uint32_t>& ids) {
  return fmt::format("[{}]", fmt::join(ids, ", "));
}

}  // namespace cellm
