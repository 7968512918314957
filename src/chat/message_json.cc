#include "chat/message_json.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "io/json.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

void check(const std::string& text, std::size_t number) {
  const std::size_t invalid = find_invalid_utf8(text);
  if (invalid == std::string::npos) return;
  throw usage_error("chat message {} is not valid UTF-8 at byte {}", number, invalid);
}

OrderedJson arguments_json(const ToolCall& call, std::size_t number) {
  if (call.arguments.empty()) return OrderedJson::object();
  OrderedJson arguments;
  try {
    arguments = parse_ordered_json(call.arguments, "arguments");
  } catch (const Error& error) {
    throw usage_error("chat message {}, call of {}: {}", number, printable(call.name),
                      error.what());
  }
  if (arguments.is_object()) return arguments;
  throw usage_error("chat message {}, call of {}: the arguments are not a JSON object", number,
                    printable(call.name));
}

OrderedJson calls_json(const ChatMessage& message, const MessageForm& form, std::size_t number) {
  OrderedJson calls = OrderedJson::array();
  for (const ToolCall& call : message.tool_calls) {
    check(call.id, number);
    check(call.name, number);
    OrderedJson arguments = arguments_json(call, number);
    if (form.arguments_as_text) {
      arguments = call.arguments.empty() ? std::string("{}") : call.arguments;
    }
    OrderedJson item;
    if (!call.id.empty()) item["id"] = call.id;
    item["type"] = "function";
    item["function"] = {{"name", call.name}, {"arguments", std::move(arguments)}};
    calls.push_back(std::move(item));
  }
  return calls;
}

OrderedJson content_json(const ChatMessage& message, const MessageForm& form) {
  if (message.parts.empty()) return message.content;
  OrderedJson list = OrderedJson::array();
  std::string lines;
  for (const std::string& part : message.parts) {
    list.push_back({{"type", "text"}, {"text", part}});
    if (list.size() > 1) lines += '\n';
    lines += part;
  }
  return form.parts && list.size() > 1 ? list : OrderedJson(lines);
}

}  // namespace

OrderedJson messages_json(std::span<const ChatMessage> messages, const MessageForm& form) {
  if (messages.empty()) throw usage_error("the chat has no messages");
  OrderedJson list = OrderedJson::array();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const ChatMessage& message = messages[i];
    for (const std::string* text : {&message.role, &message.content, &message.reasoning_content,
                                    &message.tool_call_id, &message.name}) {
      check(*text, i + 1);
    }
    for (const std::string& part : message.parts) check(part, i + 1);
    OrderedJson item = {{"role", message.role}, {"content", content_json(message, form)}};
    if (!message.reasoning_content.empty()) item["reasoning_content"] = message.reasoning_content;
    if (!message.tool_calls.empty()) item["tool_calls"] = calls_json(message, form, i + 1);
    if (!message.tool_call_id.empty()) item["tool_call_id"] = message.tool_call_id;
    if (!message.name.empty()) item["name"] = message.name;
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace cellm
