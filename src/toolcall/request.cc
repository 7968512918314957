#include "toolcall/request.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string describe(const OrderedJson& value) {
  return value.is_string() ? fmt::format("\"{}\"", printable(value.get_ref<const std::string&>()))
                           : std::string(value.type_name());
}

// A member that is there and not null.
const OrderedJson* find(const OrderedJson& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const std::string& string_of(const OrderedJson& value, const std::string& place) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  throw usage_error("{}: expected a string, found {}", place, describe(value));
}

const std::string& string_at(const OrderedJson& object, const char* key, const std::string& place) {
  const OrderedJson* value = find(object, key);
  if (value == nullptr) throw usage_error("{}.{}: missing", place, key);
  return string_of(*value, fmt::format("{}.{}", place, key));
}

std::string optional_string(const OrderedJson& object, const char* key, const std::string& place) {
  return find(object, key) == nullptr ? std::string() : string_at(object, key, place);
}

void require_object(const OrderedJson& value, const std::string& place) {
  if (!value.is_object()) {
    throw usage_error("{}: expected an object, found {}", place, describe(value));
  }
}

std::string part_text(const OrderedJson& part, const std::string& place) {
  if (part.is_string()) return part.get<std::string>();
  require_object(part, place);
  const std::string& type = string_at(part, "type", place);
  if (type == "text" || type == "input_text" || type == "output_text") {
    return string_at(part, "text", place);
  }
  if (type == "refusal") return string_at(part, "refusal", place);
  throw unsupported_error("{}.type: \"{}\" is not supported, only text is", place, printable(type));
}

void read_content(const OrderedJson& message, const std::string& place, ChatMessage& result) {
  const OrderedJson* content = find(message, "content");
  if (content == nullptr) {
    if (result.role == "assistant") return;
    throw usage_error("{}.content: missing", place);
  }
  if (!content->is_array()) {
    result.content = string_of(*content, place + ".content");
    return;
  }
  for (const OrderedJson& part : *content) {
    result.parts.push_back(
        part_text(part, fmt::format("{}.content[{}]", place, result.parts.size())));
  }
}

ToolCall read_call(const OrderedJson& call, const std::string& place) {
  require_object(call, place);
  const OrderedJson* function = find(call, "function");
  if (function == nullptr) throw usage_error("{}.function: missing", place);
  const std::string inner = place + ".function";
  require_object(*function, inner);
  ToolCall result{optional_string(call, "id", place), string_at(*function, "name", inner), {}};
  const OrderedJson* arguments = find(*function, "arguments");
  if (arguments == nullptr) return result;
  if (arguments->is_object()) {
    result.arguments = arguments->dump();
    return result;
  }
  result.arguments = string_of(*arguments, inner + ".arguments");
  if (result.arguments.empty()) return result;
  bool is_object = false;
  try {
    is_object = parse_ordered_json(result.arguments, "arguments").is_object();
  } catch (const Error& error) {
    throw usage_error("{}.arguments: {}", inner, error.what());
  }
  if (!is_object) throw usage_error("{}.arguments: not a JSON object", inner);
  return result;
}

ChatMessage read_message(const OrderedJson& message, const std::string& place) {
  require_object(message, place);
  ChatMessage result{string_at(message, "role", place), {}};
  if (result.role == "developer") result.role = "system";
  read_content(message, place, result);
  result.reasoning_content = optional_string(message, "reasoning_content", place);
  if (result.reasoning_content.empty()) {
    result.reasoning_content = optional_string(message, "reasoning", place);
  }
  result.tool_call_id = optional_string(message, "tool_call_id", place);
  result.name = optional_string(message, "name", place);
  const OrderedJson* calls = find(message, "tool_calls");
  if (calls == nullptr) return result;
  if (!calls->is_array()) {
    throw usage_error("{}.tool_calls: expected an array, found {}", place, describe(*calls));
  }
  for (const OrderedJson& call : *calls) {
    result.tool_calls.push_back(
        read_call(call, fmt::format("{}.tool_calls[{}]", place, result.tool_calls.size())));
  }
  return result;
}

void check_name(std::string_view name, const std::string& place) {
  const bool good = !name.empty() && name.size() <= kMaxToolNameBytes &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
                    });
  if (good) return;
  throw usage_error(
      "{}: expected 1 to {} letters, digits, underscores, hyphens and points, found \"{}\"", place,
      kMaxToolNameBytes, printable(name));
}

ToolDefinition read_tool(const OrderedJson& function, const std::string& place) {
  ToolDefinition result;
  result.name = string_at(function, "name", place);
  check_name(result.name, place + ".name");
  OrderedJson schema = {{"type", "object"}, {"properties", OrderedJson::object()}};
  if (const OrderedJson* parameters = find(function, "parameters")) {
    require_object(*parameters, place + ".parameters");
    if (!parameters->empty()) schema = *parameters;
  }
  result.parameters = schema.dump();
  result.types = parameter_types(schema);
  if (const OrderedJson* strict = find(function, "strict")) {
    if (!strict->is_boolean()) {
      throw usage_error("{}.strict: expected a boolean, found {}", place, describe(*strict));
    }
    result.strict = strict->get<bool>();
  }
  return result;
}

void read_definitions(const OrderedJson& tools, ToolRequest& result) {
  if (!tools.is_array()) throw usage_error("tools: expected an array, found {}", describe(tools));
  if (tools.size() > kMaxTools) {
    throw usage_error("tools: {} functions are more than {}", tools.size(), kMaxTools);
  }
  OrderedJson definitions = OrderedJson::array();
  for (const OrderedJson& tool : tools) {
    const std::string place = fmt::format("tools[{}]", result.tools.size());
    require_object(tool, place);
    const std::string& type = string_at(tool, "type", place);
    if (type != "function") {
      throw unsupported_error("{}.type: \"{}\" is not supported, only \"function\" is", place,
                              printable(type));
    }
    OrderedJson definition = tool;
    if (find(tool, "function") == nullptr) {
      OrderedJson function = tool;
      function.erase("type");
      definition = {{"type", "function"}, {"function", std::move(function)}};
    }
    require_object(definition["function"], place + ".function");
    ToolDefinition read = read_tool(definition["function"], place + ".function");
    if (std::any_of(result.tools.begin(), result.tools.end(),
                    [&](const ToolDefinition& other) { return other.name == read.name; })) {
      throw usage_error("{}.function.name: \"{}\" is there twice", place, read.name);
    }
    result.tools.push_back(std::move(read));
    definitions.push_back(std::move(definition));
  }
  if (!definitions.empty()) result.json = definitions.dump();
}

void choose_named(const OrderedJson& choice, ToolRequest& result) {
  const std::string& type = string_at(choice, "type", "tool_choice");
  if (type != "function") {
    throw unsupported_error("tool_choice.type: \"{}\" is not supported, only \"function\" is",
                            printable(type));
  }
  const OrderedJson* function = find(choice, "function");
  if (function != nullptr) require_object(*function, "tool_choice.function");
  const std::string place = function != nullptr ? "tool_choice.function" : "tool_choice";
  const std::string& name = string_at(function != nullptr ? *function : choice, "name", place);
  std::erase_if(result.tools, [&](const ToolDefinition& tool) { return tool.name != name; });
  if (result.tools.empty()) {
    throw usage_error("{}.name: there is no function \"{}\" in tools", place, printable(name));
  }
  result.choice = ToolChoice::kRequired;
}

void choose(const OrderedJson& choice, ToolRequest& result) {
  if (choice.is_object()) {
    choose_named(choice, result);
  } else if (choice == "required" || choice == "any") {
    if (result.tools.empty()) throw usage_error("tool_choice: there are no functions in tools");
    result.choice = ToolChoice::kRequired;
  } else if (choice == "none") {
    result.choice = ToolChoice::kNone;
  } else if (choice != "auto") {
    throw usage_error(
        "tool_choice: expected \"none\", \"auto\", \"required\" or a function, found {}",
        describe(choice));
  }
}

}  // namespace

std::vector<ChatMessage> read_messages(const OrderedJson& messages) {
  if (!messages.is_array()) {
    throw usage_error("messages: expected an array, found {}", describe(messages));
  }
  if (messages.empty()) throw usage_error("messages: expected at least one message");
  std::vector<ChatMessage> result;
  for (const OrderedJson& message : messages) {
    result.push_back(read_message(message, fmt::format("messages[{}]", result.size())));
  }
  return result;
}

ToolRequest read_tools(const OrderedJson& request) {
  ToolRequest result;
  if (const OrderedJson* tools = find(request, "tools")) read_definitions(*tools, result);
  if (!result.tools.empty()) result.choice = ToolChoice::kAuto;
  if (const OrderedJson* choice = find(request, "tool_choice")) choose(*choice, result);
  if (const OrderedJson* parallel = find(request, "parallel_tool_calls")) {
    if (!parallel->is_boolean()) {
      throw usage_error("parallel_tool_calls: expected a boolean, found {}", describe(*parallel));
    }
    result.parallel = parallel->get<bool>();
  }
  return result;
}

}  // namespace cellm
