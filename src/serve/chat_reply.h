// The response of /v1/chat/completions.
#pragma once

#include <memory>

#include "serve/chat_work.h"

namespace cellm {

// `asked`: what the scheduler is asked for.
std::unique_ptr<Reply> make_chat_reply(const ServedModel& model, const ChatRequest& request,
                                       const CompletionRequest& asked);

}  // namespace cellm
