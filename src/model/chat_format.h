// The chat format of a model.
#pragma once

#include <optional>
#include <string_view>

#include "model/config.h"
#include "tokenizer/chat.h"

namespace cellm {

// By the model's family and its Jinja template (empty if it has none); nothing if neither tells.
std::optional<ChatFormat> find_chat_format(const ModelConfig& config,
                                           std::string_view chat_template);

}  // namespace cellm
