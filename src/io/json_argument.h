// JSON that a caller gives as an argument.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace cellm {

// parse_ordered_json() of a text that is no file: its errors are Error(kUsage).
nlohmann::ordered_json parse_json_argument(std::string_view text, std::string_view what);

}  // namespace cellm
