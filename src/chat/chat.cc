#include "chat/chat.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "chat/message_json.h"
#include "io/json.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

// The name of the switch in templates.
constexpr std::string_view kThinkingVariable = "enable_thinking";

OrderedJson parse_variables(const std::string& text) {
  if (text.empty()) return OrderedJson::object();
  OrderedJson variables = parse_ordered_json(text, "the variables of the chat template");
  if (!variables.is_object()) {
    throw usage_error("the variables of the chat template are not a JSON object");
  }
  return variables;
}

// A conversation for finding out what a template takes.
OrderedJson probe(OrderedJson messages) {
  OrderedJson variables;
  variables["messages"] = std::move(messages);
  variables["add_generation_prompt"] = false;
  return variables;
}

AddedTokens added_tokens_of(chat::Origin origin) {
  switch (origin) {
    case chat::Origin::kTemplate:
      return AddedTokens::kAll;
    case chat::Origin::kAssistant:
      return AddedTokens::kOrdinary;
    case chat::Origin::kUser:
      break;
  }
  return AddedTokens::kNone;
}

}  // namespace

Chat::Chat(std::string_view template_source, const std::string& name, SpecialTokens tokens)
    : template_(template_source, name), tokens_(std::move(tokens)) {}

chat::Text Chat::render(std::span<const ChatMessage> messages, const ChatOptions& options) const {
  OrderedJson variables = parse_variables(options.variables);
  MessageForm form;
  form.parts = std::any_of(messages.begin(), messages.end(),
                           [](const ChatMessage& message) { return message.parts.size() > 1; }) &&
               takes_parts();
  form.arguments_as_text =
      std::any_of(messages.begin(), messages.end(),
                  [](const ChatMessage& message) { return !message.tool_calls.empty(); }) &&
      takes_arguments_as_text();
  variables["messages"] = messages_json(messages, form);
  if (!options.tools.empty()) {
    OrderedJson tools = parse_ordered_json(options.tools, "the definitions of tools");
    if (!tools.is_array()) throw usage_error("the definitions of tools are not a JSON array");
    variables["tools"] = std::move(tools);
  }
  variables["add_generation_prompt"] = options.add_generation_prompt;
  if (options.thinking) {
    if (*options.thinking && !template_.mentions(kThinkingVariable)) {
      throw usage_error("the chat template of this model has no thinking");
    }
    variables[std::string(kThinkingVariable)] = *options.thinking;
  }
  return render(variables);
}

chat::Text Chat::render(const OrderedJson& variables) const {
  OrderedJson all = variables;
  for (const auto& [name, text] : tokens_) {
    if (all.is_object() && !all.contains(name)) all[name] = text;
  }
  return template_.render(all);
}

// Whether it writes the texts of parts, and not the list itself.
bool Chat::takes_parts() const {
  OrderedJson message = {{"role", "user"}};
  for (const std::string_view text : {"first", "second"}) {
    message["content"].push_back({{"type", "text"}, {"text", text}});
  }
  try {
    const std::string text = render(probe(OrderedJson::array({std::move(message)}))).bytes();
    const std::size_t first = text.find("first");
    const std::size_t second = text.find("second");
    return first < second && second != std::string::npos &&
           text.substr(first, second - first).find("type") == std::string::npos;
  } catch (const Error&) {
    return false;
  }
}

// Most templates write arguments that are an object as JSON; some join them as they are.
bool Chat::takes_arguments_as_text() const {
  const auto writes = [&](const MessageForm& form) {
    ChatMessage call{"assistant", ""};
    call.tool_calls = {{"call00001", "probe", R"({"key": "probed_value"})"}};
    const ChatMessage messages[] = {{"user", "Hello"}, std::move(call)};
    try {
      return render(probe(messages_json(messages, form))).bytes().find("probed_value") !=
             std::string::npos;
    } catch (const Error&) {
      return false;
    }
  };
  return !writes({}) && writes({.parts = false, .arguments_as_text = true});
}

std::vector<std::uint32_t> Chat::prompt(const Tokenizer& tokenizer,
                                        std::span<const ChatMessage> messages,
                                        const ChatOptions& options) const {
  return encode(tokenizer, render(messages, options));
}

std::vector<std::uint32_t> Chat::after_answer(const Tokenizer& tokenizer) const {
  chat::Text text;
  try {
    const ChatMessage messages[] = {{"user", "Hello"}, {"assistant", "Hi"}};
    text = render(messages, {.add_generation_prompt = false, .thinking = {}, .variables = {}});
  } catch (const Error&) {
    return {};
  }
  std::size_t answer = 0;  // its end
  for (const chat::Text::Run& run : text.runs()) {
    if (run.origin == chat::Origin::kAssistant) answer = run.end;
  }
  if (answer == 0) return {};
  return encode(tokenizer, text.slice(answer, text.size()));
}

std::vector<std::uint32_t> encode(const Tokenizer& tokenizer, const chat::Text& text) {
  std::vector<TextRun> runs;
  for (const chat::Text::Run& run : text.runs()) {
    runs.push_back({run.end, added_tokens_of(run.origin)});
  }
  return tokenizer.encode(text.bytes(), runs);
}

}  // namespace cellm
