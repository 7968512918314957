#include "toolcall/test_tool_formats.h"

#include <nlohmann/json.hpp>

namespace cellm::test {

ToolRequest weather_request(ToolChoice choice) {
  ToolRequest request = read_tools(nlohmann::ordered_json::parse(R"({"tools": [
    {"type": "function", "function": {"name": "get_weather", "parameters": {
      "type": "object",
      "properties": {"city": {"type": "string"}, "days": {"type": "integer"},
                     "metric": {"type": "boolean"}, "note": {"type": ["string", "null"]},
                     "at": {"type": "object"}},
      "required": ["city"]}}},
    {"type": "function", "function": {"name": "now"}}]})"));
  request.choice = choice;
  return request;
}

}  // namespace cellm::test
