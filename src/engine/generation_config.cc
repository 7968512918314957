#include "engine/generation_config.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "io/json.h"

namespace cellm {
std::vector<std::uint32_t> generation_end_ids(std::string_view json, const std::string& source) {
  std::vector<std::uint32_t> ids;
  const Json document = parse_json(json, source);
  const auto eos = JsonNode(document, source + ":").find("eos_token_id");
  if (!eos) return ids;
  for (const auto& node :
       eos->is_array() ? eos->as_array(kMaxEosIds) : std::vector<JsonNode>{*eos}) {
    const auto id = static_cast<std::uint32_t>(node.as_uint(0, UINT32_MAX));
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

}  // namespace cellm
