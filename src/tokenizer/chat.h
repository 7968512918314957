// Chat formats: conversations in the form that the models were trained on.
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
  kPlain,    // the contents, concatenated; for base models
  kChatMl,   // <|im_start|>ROLE\nCONTENT<|im_end|>\n without additions
  kQwen35,   // ChatML, contents trimmed, reasoning in <think>, off by default
  kQwen3,    // ChatML, reasoning in <think> left to the model unless turned off
  kSmolLm2,  // ChatML, with a default system message
};

struct ChatMessage {
  std::string role;  // "system", "user" or "assistant"
  std::string content;
};

struct ChatOptions {
  bool add_generation_prompt = true;  // end with the start of the assistant's answer
  std::optional<bool> thinking;       // nothing: the default of the model's template
};

// The format that a Jinja template spells; nothing if it is none of these.
std::optional<ChatFormat> chat_format_of_template(std::string_view chat_template);

// The token ids of a conversation. They equal those of render_chat_text() if no message contains a
// control token. A control token in a message is tokenized as text, so that no content can imitate
// another role. Throws Error(kUsage) for an unknown role, messages that the format does not allow,
// thinking in a format without it, or invalid UTF-8; Error(kUnsupported) if the tokenizer lacks a
// control token of the format.
std::vector<std::uint32_t> render_chat(const Tokenizer& tokenizer, ChatFormat format,
                                       std::span<const ChatMessage> messages,
                                       const ChatOptions& options);

// The same as text, for display. Throws Error(kUsage) as render_chat() does.
std::string render_chat_text(ChatFormat format, std::span<const ChatMessage> messages,
                             const ChatOptions& options);

// Whether the tokenizer has the message delimiters that all formats except kPlain need.
bool has_turn_tokens(const Tokenizer& tokenizer);

// The tokens that end an answer in this format, besides those of the model's
// generation_config.json. Throws Error(kUnsupported) if the tokenizer lacks one.
std::vector<std::uint32_t> end_of_turn_tokens(const Tokenizer& tokenizer, ChatFormat format);

}  // namespace cellm
