// The response of /v1/chat/completions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "serve/chat_work.h"

namespace cellm {

std::unique_ptr<Reply> make_chat_reply(const ServedModel& model, const ChatRequest& request,
                                       std::span<const std::uint32_t> prompt);

}  // namespace cellm
