// The tags around the reasoning of a model.
#pragma once

#include <string>
#include <string_view>

namespace cellm {

class OpenedModel;

inline constexpr std::string_view kThinkOpen = "<think>";
inline constexpr std::string_view kThinkClose = "</think>";

struct ThinkingTags {
  std::string open{kThinkOpen};
  std::string close{kThinkClose};
};

// Whether answers to what a chat template writes may begin with reasoning: it has one of the tags.
bool template_reasons(std::string_view chat_template);
// The same for one of a model's templates; for a model without any, that of its family.
bool reasons(const OpenedModel& model);

}  // namespace cellm
