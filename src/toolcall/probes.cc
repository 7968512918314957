#include "toolcall/probes.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cellm {

using OrderedJson = nlohmann::ordered_json;

std::vector<ChatMessage> probe_messages(std::size_t count, bool with_content) {
  ChatMessage answer{"assistant", with_content ? std::string(kProbeContent) : std::string()};
  for (const ProbeCall& call : std::span(kProbeCalls).first(count)) {
    OrderedJson arguments;
    for (std::size_t i = 0; i < call.keys.size(); ++i) {
      arguments[std::string(call.keys[i])] = call.values[i];
    }
    // Nine characters, as some templates demand.
    answer.tool_calls.push_back({fmt::format("probe000{}", answer.tool_calls.size() + 1),
                                 std::string(call.name), arguments.dump()});
  }
  return {{"user", "Hello"}, std::move(answer)};
}

std::vector<ChatMessage> probe_of_types() {
  const ProbeCall& call = kProbeCalls[0];
  const OrderedJson arguments = {{std::string(call.keys[0]), call.values[0]},
                                 {std::string(kProbeNumber), 17}};
  ChatMessage answer{"assistant", {}};
  answer.tool_calls = {{"probe0001", std::string(call.name), arguments.dump()}};
  return {{"user", "Hello"}, std::move(answer)};
}

std::string probe_definitions() {
  OrderedJson list = OrderedJson::array();
  for (const ProbeCall& call : kProbeCalls) {
    OrderedJson properties;
    OrderedJson required = OrderedJson::array();
    for (const std::string_view key : call.keys) {
      properties[std::string(key)] = {{"type", "string"}, {"description", "A text"}};
      required.push_back(key);
    }
    properties[std::string(kProbeNumber)] = {{"type", "integer"}, {"description", "A number"}};
    OrderedJson function = {{"name", call.name}, {"description", "A function"}};
    function["parameters"] = {
        {"type", "object"}, {"properties", properties}, {"required", required}};
    list.push_back({{"type", "function"}, {"function", function}});
  }
  return list.dump();
}

std::optional<chat::Text> try_render(const Chat& chat, std::span<const ChatMessage> messages,
                                     bool with_tools, bool add_generation_prompt) {
  ChatOptions options;
  options.add_generation_prompt = add_generation_prompt;
  if (with_tools) options.tools = probe_definitions();
  try {
    return chat.render(messages, options);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace cellm
