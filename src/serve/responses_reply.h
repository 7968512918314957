// The response of /v1/responses.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "serve/chat_work.h"

namespace cellm {

// `echoed`: the fields of the response that repeat those of the request.
std::unique_ptr<Reply> make_responses_reply(const ServedModel& model, const ChatRequest& request,
                                            OrderedJson echoed,
                                            std::span<const std::uint32_t> prompt);

}  // namespace cellm
