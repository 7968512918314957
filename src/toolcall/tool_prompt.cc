#include "toolcall/tool_prompt.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chat/template.h"
#include "io/json.h"

namespace cellm {
namespace {

// The content with the text as its last or first part.
void append_text(ChatMessage& message, std::string text) {
  if (!message.parts.empty()) {
    message.parts.push_back(std::move(text));
  } else {
    if (!message.content.empty()) message.content += "\n\n";
    message.content += text;
  }
}

void prepend_text(ChatMessage& message, std::string text) {
  if (!message.parts.empty()) {
    message.parts.insert(message.parts.begin(), std::move(text));
  } else {
    message.content = text.append("\n\n").append(message.content);
  }
}

std::string joined_content(const ChatMessage& message) {
  if (message.parts.empty()) return message.content;
  std::string text = message.parts.front();
  for (const std::string& part : std::span(message.parts).subspan(1))
    text.append("\n").append(part);
  return text;
}

ChatMessage answer_with_calls(const ChatMessage& message) {
  ChatMessage result = message;
  result.content = joined_content(message);
  result.parts.clear();
  result.tool_calls.clear();
  for (const ToolCall& call : message.tool_calls) {
    if (!result.content.empty()) result.content += '\n';
    result.content += fmt::format("<tool_call>\n{{\"name\": {}, \"arguments\": {}}}\n</tool_call>",
                                  nlohmann::json(call.name).dump(),
                                  call.arguments.empty() ? "{}" : call.arguments);
  }
  return result;
}

// Calls and results as text. Results that follow each other are one message.
std::vector<ChatMessage> as_text(std::span<const ChatMessage> messages) {
  std::vector<ChatMessage> result;
  bool after_result = false;
  for (const ChatMessage& message : messages) {
    if (message.role != "tool") {
      result.push_back(message.tool_calls.empty() ? message : answer_with_calls(message));
      after_result = false;
      continue;
    }
    const std::string text =
        fmt::format("<tool_response>\n{}\n</tool_response>", joined_content(message));
    if (after_result) {
      result.back().content.append("\n").append(text);
    } else {
      result.push_back({"user", text});
    }
    after_result = true;
  }
  return result;
}

void add_definitions(const ToolFormat& format, const std::string& definitions,
                     std::vector<ChatMessage>& messages) {
  const chat::Template words(kHermesTools, "tools");
  nlohmann::ordered_json variables;
  variables["tools"] = parse_ordered_json(definitions, "the definitions of tools");
  std::string text = words.render(variables).bytes();
  if (format.system_role) {
    if (messages.empty() || messages.front().role != "system") {
      messages.insert(messages.begin(), {"system", {}});
    }
    append_text(messages.front(), std::move(text));
    return;
  }
  for (ChatMessage& message : messages) {
    if (message.role != "user") continue;
    prepend_text(message, std::move(text));
    return;
  }
}

}  // namespace

bool has_calls(std::span<const ChatMessage> messages) {
  return std::any_of(messages.begin(), messages.end(), [](const ChatMessage& message) {
    return message.role == "tool" || !message.tool_calls.empty();
  });
}

std::vector<ChatMessage> messages_for(const ToolFormat& format,
                                      std::span<const ChatMessage> messages,
                                      const ToolRequest& request) {
  std::vector<ChatMessage> result = format.calls_in_template
                                        ? std::vector<ChatMessage>(messages.begin(), messages.end())
                                        : as_text(messages);
  if (!format.in_template && !request.json.empty()) {
    add_definitions(format, request.json, result);
  }
  return result;
}

chat::Text render_with_tools(const Chat& chat, const ToolFormat& format,
                             std::span<const ChatMessage> messages, const ChatOptions& options,
                             const ToolRequest& request) {
  ChatOptions with_tools = options;
  if (format.in_template) with_tools.tools = request.json;
  return chat.render(messages_for(format, messages, request), with_tools);
}

std::vector<std::uint32_t> tool_prompt(const Chat& chat, const ToolFormat& format,
                                       const Tokenizer& tokenizer,
                                       std::span<const ChatMessage> messages,
                                       const ChatOptions& options, const ToolRequest& request) {
  return encode(tokenizer, render_with_tools(chat, format, messages, options, request));
}

}  // namespace cellm
