// The common part of /v1/chat/completions and /v1/responses: a conversation that is answered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/chat.h"
#include "serve/chat_prompt.h"
#include "serve/work.h"

namespace cellm {

struct ChatRequest {
  std::vector<ChatMessage> messages;
  AnswerFields fields;
  ChatOptions options;
  bool split_reasoning = true;
  std::optional<std::size_t> thinking_budget = {};
  std::optional<std::size_t> logprobs = {};
};

// The variables of the template and what becomes of reasoning: chat_template_kwargs,
// reasoning_effort, reasoning_format, reasoning_budget.
void read_chat_options(const Fields& request, ChatRequest& chat);

// Throws ApiError 400 for a conversation that the model's template refuses or that does not fit.
ChatPrompt make_prompt(const ServedModel& model, const ChatRequest& request);
// One request for the scheduler.
CompletionRequest chat_completion(const ServedModel& model, const ChatRequest& request,
                                  ChatPrompt prompt);

}  // namespace cellm
