// Steps of a JSON pointer (RFC 6901) in a fragment of a URI.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace cellm {

std::string percent_decoded(std::string_view text);
// pointer: empty, or with a leading slash.
std::vector<std::string> pointer_steps(std::string_view pointer);
std::string pointer_step(std::string_view name);  // a slash and the name, escaped
// Null if there is none.
const nlohmann::ordered_json* member(const nlohmann::ordered_json& value, const std::string& step);

}  // namespace cellm
