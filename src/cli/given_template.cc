#include "cli/given_template.h"

#include "base/limits.h"
#include "base/mapped_file.h"

namespace cellm {

std::string given_template(const std::string& given, const OpenedModel& model) {
  const ChatTemplates& own = model.source().chat_templates();
  const auto found = own.find(given);
  return found != own.end() ? found->second : read_file(given, kMaxTextBytes);
}

Chat given_chat(const std::string& given, const OpenedModel& model) {
  if (auto own = model.named_chat(given)) return *std::move(own);
  const bool known = model.tokenizer() != nullptr;
  return {read_file(given, kMaxTextBytes), given, known ? model.special_tokens() : SpecialTokens{}};
}

}  // namespace cellm
