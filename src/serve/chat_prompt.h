// The prompt of a conversation, and the places in it from which other requests may go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "chat/chat.h"

namespace cellm {

struct ChatPrompt {
  std::vector<std::uint32_t> ids;
  // CompletionRequest::borders: behind system and tools, before the text of the last user message,
  // and before the answer.
  std::vector<std::size_t> borders;
};

// The ids of messages, with or without the start of an answer behind them.
using RenderMessages = std::function<std::vector<std::uint32_t>(std::span<const ChatMessage>,
                                                                bool add_generation_prompt)>;

// A border is where the ids of the conversation part from those of one that differs behind it, so
// that whatever a template does with messages is taken into account. Throws what `render` throws
// for the conversation itself; where it refuses a changed one, there is no border.
ChatPrompt make_chat_prompt(std::span<const ChatMessage> messages, const RenderMessages& render);

}  // namespace cellm
