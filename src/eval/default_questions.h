// The built-in questions.
#pragma once

#include <string_view>

namespace cellm {

extern const std::string_view kQuestionsDefault;  // text/questions.jsonl

}  // namespace cellm
