#include "engine/conversation_file.h"

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "base/utf8.h"
#include "io/json.h"

namespace cellm {
namespace {
constexpr unsigned kOwnerOnly = 0600;
constexpr int kIndent = 2;
}  // namespace

void save_messages(std::span<const ChatMessage> messages, const std::filesystem::path& path) {
  auto list = nlohmann::ordered_json::array();
  for (const ChatMessage& message : messages) {
    if (find_invalid_utf8(message.content) != std::string_view::npos) {
      throw usage_error("message {} is not valid UTF-8", list.size() + 1);
    }
    list.push_back({{"role", message.role}, {"content", message.content}});
  }
  nlohmann::ordered_json document;
  document["messages"] = std::move(list);
  const std::string text = document.dump(kIndent) + "\n";
  AtomicFile file(path, kOwnerOnly);
  file.write_at(0, std::as_bytes(std::span(text)));
  file.commit();
}

std::vector<ChatMessage> load_messages(const std::filesystem::path& path) {
  return parse_messages(read_file(path, kMaxTextBytes), printable(path.string()));
}

std::vector<ChatMessage> parse_messages(std::string_view text, std::string_view source) {
  const Json document = parse_json(text, source);
  const JsonNode root(document, std::string(source) + ":");
  const JsonNode list = root.is_array() ? root : root.at("messages");
  std::vector<ChatMessage> messages;
  std::size_t systems = 0;
  for (const JsonNode& node : list.as_array()) {
    ChatMessage message{node.at("role").as_string(), node.at("content").as_string()};
    if (messages.empty() && message.role == "system") {
      systems = 1;
    } else {
      const bool question = (messages.size() - systems) % 2 == 0;
      const std::string_view expected = question ? "user" : "assistant";
      if (message.role != expected) {
        throw data_error("{}: expected \"{}\", found \"{}\"", node.at("role").path(), expected,
                         printable(message.role));
      }
    }
    messages.push_back(std::move(message));
  }
  if ((messages.size() - systems) % 2 != 0) {
    throw data_error("{}: the last question has no answer", source);
  }
  return messages;
}

}  // namespace cellm
