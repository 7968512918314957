// The response of /v1/responses.
#pragma once

#include <memory>

#include "serve/chat_work.h"

namespace cellm {

// `echoed`: the fields of the response that repeat those of the request.
std::unique_ptr<Reply> make_responses_reply(const ServedModel& model, const ChatRequest& request,
                                            OrderedJson echoed, const CompletionRequest& asked);

}  // namespace cellm
