#include "engine/reasoning_tags.h"

#include <algorithm>

#include "engine/opened_model.h"
#include "model/arch/family.h"

namespace cellm {

bool template_reasons(std::string_view chat_template) {
  return chat_template.find(kThinkOpen) != std::string_view::npos ||
         chat_template.find(kThinkClose) != std::string_view::npos;
}

bool reasons(const OpenedModel& model) {
  const ChatTemplates& own = model.source().chat_templates();
  if (!own.empty()) {
    return std::any_of(own.begin(), own.end(),
                       [](const auto& one) { return template_reasons(one.second); });
  }
  const std::string_view* of_family = model.config().family->chat_template;
  return of_family != nullptr && template_reasons(*of_family);
}

}  // namespace cellm
