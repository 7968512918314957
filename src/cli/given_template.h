// The option --chat-template.
#pragma once

#include <string>

#include "chat/chat.h"
#include "engine/opened_model.h"

namespace cellm {

inline constexpr const char* kGivenTemplateHelp =
    "In place of the model's template: a file, or the name of one of several that the model has";

// The text of one of the model's templates if `given` is its name, else of the file `given`. Throws
// what reading the file throws.
std::string given_template(const std::string& given, const OpenedModel& model);

// The chat by one of the model's templates if `given` is its name, else by the template in the file
// `given`. Throws what reading the file and the constructor of Chat throw.
Chat given_chat(const std::string& given, const OpenedModel& model);

}  // namespace cellm
