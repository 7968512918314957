#include "serve/messages.h"

#include <nlohmann/json.hpp>

#include "serve/api_error.h"
#include "serve/fields.h"
#include "serve/limits.h"

namespace cellm {
namespace {

std::string read_content(const Fields& message) {
  const OrderedJson* content = message.find("content");
  const std::string path = message.path("content");
  if (content == nullptr) return {};
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) {
    throw field_error(path, "{}: expected a string or an array of parts, found {}", path,
                      json_type(*content));
  }
  std::string text;
  for (const OrderedJson& value : *content) {
    const Fields part(value, path);
    part.need("type");
    const auto type = part.text("type");
    if (type != "text" && type != "input_text" && type != "output_text") {
      throw field_error(path, "{}: parts of type \"{}\" are not supported, only text", path,
                        printable(*type));
    }
    part.need("text");
    if (!text.empty()) text += '\n';
    text += *part.text("text");
  }
  return text;
}

}  // namespace

std::vector<ChatMessage> read_messages(const OrderedJson& messages) {
  if (!messages.is_array() || messages.empty() || messages.size() > kMaxMessages) {
    throw field_error("messages", "messages: expected an array of 1 to {} messages", kMaxMessages);
  }
  std::vector<ChatMessage> list;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Fields message(messages[i], fmt::format("messages[{}]", i));
    message.need("role");
    const auto role = message.choice("role", {"system", "developer", "user", "assistant", "tool"});
    constexpr const char* kRoles[] = {"system", "system", "user", "assistant", "tool"};
    list.push_back({kRoles[*role], read_content(message)});
  }
  return list;
}

}  // namespace cellm
