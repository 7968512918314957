// The common part of /v1/chat/completions and /v1/responses: a conversation that is answered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/chat.h"
#include "serve/chat_prompt.h"
#include "serve/work.h"
#include "toolcall/request.h"

namespace cellm {

struct ChatRequest {
  std::vector<ChatMessage> messages;
  AnswerFields fields;
  ChatOptions options;
  ToolRequest tools;
  bool split_reasoning = true;
  std::optional<std::size_t> thinking_budget = {};
  std::optional<std::size_t> logprobs = {};
};

// The messages of a conversation, and the functions that an answer may call: `messages`, and
// `tools`, `tool_choice` and `parallel_tool_calls` of the request.
void read_conversation(const OrderedJson& messages, const OrderedJson& request, ChatRequest& chat);

// The variables of the template and what becomes of reasoning: chat_template_kwargs,
// reasoning_effort, reasoning_format, reasoning_budget.
void read_chat_options(const Fields& request, ChatRequest& chat);

// The ids of messages; as RenderMessages. Throws ApiError 400 for what the template refuses.
std::vector<std::uint32_t> render(const ServedModel& model, const ChatRequest& request,
                                  std::span<const ChatMessage> messages,
                                  bool add_generation_prompt);

// Throws ApiError 400 for a conversation that the model's template refuses or that does not fit.
ChatPrompt make_prompt(const ServedModel& model, const ChatRequest& request);
// One request for the scheduler.
CompletionRequest chat_completion(const ServedModel& model, const ChatRequest& request,
                                  ChatPrompt prompt);

}  // namespace cellm
