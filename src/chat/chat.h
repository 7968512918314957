// A model's way of writing conversations, as token ids.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "chat/template.h"
#include "io/model_source.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

// A call of a function that an answer asked for.
struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // a JSON object as text; empty: no arguments
};

struct ChatMessage {
  std::string role;  // "system", "user", "assistant", or another that the template knows
  std::string content;
  // The content in parts; if there are any, `content` is not read. A template that takes no parts
  // gets them as lines of one text (as vLLM and llama.cpp do).
  std::vector<std::string> parts = {};
  // Left out of what the template sees where they are empty.
  std::string reasoning_content = {};     // of an assistant
  std::vector<ToolCall> tool_calls = {};  // of an assistant
  std::string tool_call_id = {};          // of a tool's result
  std::string name = {};                  // of the author, or of the tool
};

struct ChatOptions {
  bool add_generation_prompt = true;  // end with the start of the assistant's answer
  std::optional<bool> thinking;       // the variable enable_thinking; nothing: not set
  std::string variables;              // more variables of the template, as a JSON object; or empty
  // The definitions of functions, as a JSON array of OpenAI's form; or empty.
  std::string tools = {};
};

// A chat template with the special tokens that it may write. Immutable, so it may be shared between
// threads.
class Chat {
 public:
  // Throws what the constructor of chat::Template throws.
  Chat(std::string_view template_source, const std::string& name, SpecialTokens tokens);

  // The token ids of a conversation. Only what the template writes can become a special token; the
  // messages of the assistant may contain other added tokens (<think>), all other text none. Throws
  // Error(kUsage) for no messages, invalid UTF-8, arguments or variables that are no JSON object,
  // tools that are no array, thinking with a template that does not know it, and what the template
  // refuses; also what chat::Template::render throws.
  std::vector<std::uint32_t> prompt(const Tokenizer& tokenizer,
                                    std::span<const ChatMessage> messages,
                                    const ChatOptions& options = {}) const;
  // The same as text.
  chat::Text render(std::span<const ChatMessage> messages, const ChatOptions& options = {}) const;
  // With all variables at hand; special tokens among them win over those of the model.
  chat::Text render(const nlohmann::ordered_json& variables) const;

  // The ids that the template writes behind an answer; none if it refuses a short conversation.
  std::vector<std::uint32_t> after_answer(const Tokenizer& tokenizer) const;

 private:
  bool takes_parts() const;
  bool takes_arguments_as_text() const;

  chat::Template template_;
  SpecialTokens tokens_;
};

// The ids of a rendered text.
std::vector<std::uint32_t> encode(const Tokenizer& tokenizer, const chat::Text& text);

// Templates for models without one.
extern const std::string_view kChatMlTemplate;
extern const std::string_view kPlainTemplate;
extern const std::string_view kQwen3Template;
extern const std::string_view kQwen35Template;

}  // namespace cellm
