// The messages of a chat request.
#pragma once

#include <vector>

#include "chat/chat.h"
#include "serve/json_text.h"

namespace cellm {

// Throws ApiError 400.
std::vector<ChatMessage> read_messages(const OrderedJson& messages);

}  // namespace cellm
