#include "io/json_argument.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"

namespace cellm {

nlohmann::ordered_json parse_json_argument(std::string_view text, std::string_view what) {
  try {
    return parse_ordered_json(text, what);
  } catch (const Error& error) {
    throw usage_error("{}", error.what());
  }
}

}  // namespace cellm
