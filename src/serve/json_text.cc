#include "serve/json_text.h"

#include <nlohmann/json.hpp>

namespace cellm {

std::string json_text(const OrderedJson& value) {
  return value.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string sse_event(const OrderedJson& data, std::string_view name) {
  std::string text;
  if (!name.empty()) text.append("event: ").append(name).append("\n");
  text.append("data: ").append(json_text(data)).append("\n\n");
  return text;
}

}  // namespace cellm
