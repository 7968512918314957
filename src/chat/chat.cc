#include "chat/chat.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "io/json.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

// The name of the switch in templates.
constexpr std::string_view kThinkingVariable = "enable_thinking";

void check(std::span<const ChatMessage> messages) {
  if (messages.empty()) throw usage_error("the chat has no messages");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    for (const std::string* text : {&messages[i].role, &messages[i].content}) {
      const std::size_t invalid = find_invalid_utf8(*text);
      if (invalid != std::string_view::npos) {
        throw usage_error("chat message {} is not valid UTF-8 at byte {}", i + 1, invalid);
      }
    }
  }
}

OrderedJson parse_variables(const std::string& text) {
  if (text.empty()) return OrderedJson::object();
  OrderedJson variables = parse_ordered_json(text, "the variables of the chat template");
  if (!variables.is_object()) {
    throw usage_error("the variables of the chat template are not a JSON object");
  }
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
  check(messages);
  OrderedJson variables = parse_variables(options.variables);
  OrderedJson list = OrderedJson::array();
  for (const ChatMessage& message : messages) {
    list.push_back({{"role", message.role}, {"content", message.content}});
  }
  variables["messages"] = std::move(list);
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
