// Messages as the variables of a template.
#pragma once

#include <span>

#include <nlohmann/json_fwd.hpp>

#include "chat/chat.h"

namespace cellm {

// Deviations from the usual form of messages that a template accepts.
struct MessageForm {
  bool parts = false;              // contents that are lists of parts
  bool arguments_as_text = false;  // arguments of calls that are JSON text instead of objects
};

// The list `messages`. Throws Error(kUsage), naming the message, for invalid UTF-8 and arguments
// that are not a JSON object, and for no messages.
nlohmann::ordered_json messages_json(std::span<const ChatMessage> messages,
                                     const MessageForm& form);

}  // namespace cellm
