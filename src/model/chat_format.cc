#include "model/chat_format.h"

#include "base/error.h"
#include "model/arch/family.h"

namespace cellm {

std::optional<ChatFormat> find_chat_format(const ModelConfig& config,
                                           std::string_view chat_template) {
  CELLM_CHECK(config.family != nullptr);
  const FamilyChat& chat = config.family->chat;
  if (chat.always) return chat.always;
  if (chat_template.empty()) return chat.without_template;
  return chat_format_of_template(chat_template);
}

}  // namespace cellm
