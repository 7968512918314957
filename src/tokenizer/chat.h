// Conversations as the models were trained to see them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace cellm {

enum class ChatFormat {
  kPlain,    // no frame: the contents one after the other, for base models
  kChatMl,   // <|im_start|>ROLE\nCONTENT<|im_end|>\n and nothing else
  kQwen35,   // ChatML, contents trimmed, reasoning in <think>, off unless asked for
  kQwen3,    // ChatML, reasoning in <think> left to the model unless turned off
  kSmolLm2,  // ChatML, with a system message of its own if there is none
};

struct ChatMessage {
  std::string role;  // "system", "user" or "assistant"
  std::string content;
};

struct ChatOptions {
  bool add_generation_prompt = true;  // end with the beginning of the assistant's answer
  std::optional<bool> thinking;       // nothing: what the model's own template does by default
};

// The format of a model by config.json's model_type and its Jinja template; nothing if the template
// is none that cellm has, or there is none and the type does not tell.
std::optional<ChatFormat> detect_chat_format(std::string_view model_type,
                                             std::string_view chat_template);

// The ids of a conversation: those of render_chat_text() if no message spells a control token. A
// control token in a message stays text, so that no content can pose as another role. Throws
// Error(kUsage) for an unknown role, messages that the format does not allow, thinking where it has
// none, or invalid UTF-8; Error(kUnsupported) if the tokenizer lacks a control token of the format.
std::vector<std::uint32_t> render_chat(const Tokenizer& tokenizer, ChatFormat format,
                                       std::span<const ChatMessage> messages,
                                       const ChatOptions& options);

// The same as text, to be shown. Throws Error(kUsage) as render_chat() does.
std::string render_chat_text(ChatFormat format, std::span<const ChatMessage> messages,
                             const ChatOptions& options);

// Whether the tokenizer has the control tokens around a message that all formats but kPlain need.
bool has_turn_tokens(const Tokenizer& tokenizer);

// The tokens that end an answer in this format, besides those of the model's
// generation_config.json. Throws Error(kUnsupported) if the tokenizer lacks one.
std::vector<std::uint32_t> end_of_turn_tokens(const Tokenizer& tokenizer, ChatFormat format);

}  // namespace cellm
