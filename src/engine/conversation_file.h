// Files of conversations: the messages as JSON.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat.h"

namespace cellm {

// Writes {"messages": [{"role": …, "content": …}, …]}, atomically, readable by its owner only.
// Throws what AtomicFile throws, and Error(kUsage) for a message that is not UTF-8.
void save_messages(std::span<const ChatMessage> messages, const std::filesystem::path& path);

// Reads such a file, or an array of messages by itself.
std::vector<ChatMessage> load_messages(const std::filesystem::path& path);

// The same from text: at most one system message, at the beginning, then questions of the user,
// each with the answer of the assistant. Other members of the objects are not used. Throws
// Error(kData) naming `source` and the message for anything else.
std::vector<ChatMessage> parse_messages(std::string_view text, std::string_view source);

}  // namespace cellm
