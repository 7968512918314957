#include "serve/chat_prompt.h"

#include <algorithm>

#include "serve/api_error.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;

std::size_t common_prefix(const Ids& a, const Ids& b) {
  const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(end - a.begin());
}

// The messages up to `last`, whose text is another one.
std::vector<ChatMessage> changed_at(std::span<const ChatMessage> messages, std::size_t last) {
  std::vector<ChatMessage> changed(messages.begin(),
                                   messages.begin() + static_cast<std::ptrdiff_t>(last) + 1);
  ChatMessage other;
  other.role = changed.back().role;
  other.content.assign(1, changed.back().content.starts_with('x') ? 'y' : 'x');
  changed.back() = std::move(other);
  return changed;
}

}  // namespace

ChatPrompt make_chat_prompt(std::span<const ChatMessage> messages, const RenderMessages& render) {
  ChatPrompt prompt;
  prompt.ids = render(messages, true);
  const auto add_border = [&](std::span<const ChatMessage> other, bool add_generation_prompt) {
    try {
      prompt.borders.push_back(common_prefix(prompt.ids, render(other, add_generation_prompt)));
    } catch (const ApiError&) {  // the template refuses such a conversation
    }
  };
  std::vector<std::size_t> users;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].role == "user") users.push_back(i);
  }
  if (!users.empty()) add_border(changed_at(messages, users.front()), true);
  if (users.size() > 1) add_border(changed_at(messages, users.back()), true);
  add_border(messages, false);

  std::vector<std::size_t>& borders = prompt.borders;
  std::sort(borders.begin(), borders.end());
  borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
  std::erase_if(borders, [&](std::size_t at) { return at == 0 || at >= prompt.ids.size(); });
  return prompt;
}

}  // namespace cellm
