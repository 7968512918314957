// Prompts of conversations with tools.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "chat/chat.h"
#include "toolcall/request.h"
#include "toolcall/tool_format.h"

namespace cellm {

// The messages as the template can write them: what it does not know of tools becomes text of
// Hermes' form. Definitions are added to the system message, or to the first one of the user if
// there are no system messages; earlier calls to the answers that made them; results are messages
// of the user.
std::vector<ChatMessage> messages_for(const ToolFormat& format,
                                      std::span<const ChatMessage> messages,
                                      const ToolRequest& request);

// Whether messages have calls or results of them.
bool has_calls(std::span<const ChatMessage> messages);

// The text and the ids of the prompt. Throw what Chat::prompt() throws.
chat::Text render_with_tools(const Chat& chat, const ToolFormat& format,
                             std::span<const ChatMessage> messages, const ChatOptions& options,
                             const ToolRequest& request);
std::vector<std::uint32_t> tool_prompt(const Chat& chat, const ToolFormat& format,
                                       const Tokenizer& tokenizer,
                                       std::span<const ChatMessage> messages,
                                       const ChatOptions& options, const ToolRequest& request);

extern const std::string_view kHermesTools;  // the template of the definitions

}  // namespace cellm
