#include "serve/chat_work.h"

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "serve/api_error.h"
#include "serve/chat_reply.h"
#include "serve/limits.h"
#include "serve/output_constraint.h"
#include "toolcall/tool_prompt.h"

namespace cellm {
namespace {

constexpr std::string_view kTemplateName = "chat template: ";  // in messages
constexpr std::size_t kMaxBudget = std::size_t{1} << 31;

void read_logprobs(const Fields& request, ChatRequest& chat) {
  const bool wanted = request.boolean("logprobs").value_or(false);
  const auto top = request.count("top_logprobs", 0, kMaxChatLogprobs);
  if (wanted) chat.logprobs = top.value_or(0);
  if (!wanted && top && *top != 0) {
    throw field_error("top_logprobs", "top_logprobs: needs logprobs to be true");
  }
}

ChatRequest read_request(const ServedModel& model, const OrderedJson& body) {
  const Fields request(body);
  ChatRequest chat;
  chat.fields = read_answer_fields(request, model.vocab_size);
  read_conversation(request.need("messages"), body, chat);
  read_logprobs(request, chat);
  read_chat_options(request, chat);
  for (const std::string_view old : {"functions", "function_call"}) {
    if (request.has(old)) {
      throw field_error(std::string(old), "{}: not supported; use tools and tool_choice", old);
    }
  }
  return chat;
}

}  // namespace

void read_conversation(const OrderedJson& messages, const OrderedJson& request, ChatRequest& chat) {
  try {
    chat.messages = read_messages(messages);
    chat.tools = read_tools(request);
  } catch (const Error& error) {
    throw request_error(error);
  }
  if (chat.messages.size() > kMaxMessages) {
    throw field_error("messages", "messages: {} are more than {}", chat.messages.size(),
                      kMaxMessages);
  }
}

namespace {

// Models may have a template of their own for conversations with tools.
const Chat* chat_of(const ServedModel& model, const ChatRequest& request) {
  const bool tools = !request.tools.json.empty() || has_calls(request.messages);
  return tools ? model.tool_chat : model.chat;
}

}  // namespace

std::vector<std::uint32_t> render(const ServedModel& model, const ChatRequest& request,
                                  std::span<const ChatMessage> messages,
                                  bool add_generation_prompt) {
  const Chat* chat = chat_of(model, request);
  if (chat == nullptr) {
    throw ApiError(400, "this model has no chat template; use /v1/completions");
  }
  ChatOptions options = request.options;
  options.add_generation_prompt = add_generation_prompt;
  try {
    return tool_prompt(*chat, model.tool_format, model.tokenizer(), messages, options,
                       request.tools);
  } catch (const Error& error) {
    // Where the model's file is, is not for clients.
    const std::string_view what = error.what();
    const std::size_t at = what.find(kTemplateName);
    const std::string_view message = at == std::string_view::npos ? what : what.substr(at);
    throw request_error({error.kind(), std::string(message)}, "messages");
  }
}

void read_chat_options(const Fields& request, ChatRequest& chat) {
  OrderedJson variables = OrderedJson::object();
  if (request.object("chat_template_kwargs")) variables = request.need("chat_template_kwargs");
  if (const auto effort = request.text("reasoning_effort")) {
    request.choice("reasoning_effort", {"none", "minimal", "low", "medium", "high", "xhigh"});
    if (!variables.contains("reasoning_effort")) variables["reasoning_effort"] = *effort;
    if (*effort == "none" && !variables.contains("enable_thinking")) {
      variables["enable_thinking"] = false;
    }
  }
  for (const char* name : {"messages", "tools", "add_generation_prompt"}) {
    if (variables.contains(name)) {
      throw field_error("chat_template_kwargs", "chat_template_kwargs: {} is not for the caller",
                        name);
    }
  }
  if (!variables.empty()) chat.options.variables = json_text(variables);
  if (const auto format =
          request.choice("reasoning_format", {"auto", "none", "deepseek", "deepseek-legacy"})) {
    chat.split_reasoning = *format != 1;
  }
  if (const auto budget = request.integer("reasoning_budget", -1, kMaxBudget)) {
    if (*budget >= 0) chat.thinking_budget = static_cast<std::size_t>(*budget);
  }
}

ChatPrompt make_prompt(const ServedModel& model, const ChatRequest& request) {
  ChatPrompt prompt = make_chat_prompt(
      request.messages, [&](std::span<const ChatMessage> messages, bool add_generation_prompt) {
        return render(model, request, messages, add_generation_prompt);
      });
  require_room(model, prompt.ids.size(), "messages");
  return prompt;
}

CompletionRequest chat_completion(const ServedModel& model, const ChatRequest& request,
                                  ChatPrompt prompt) {
  CompletionRequest one;
  one.options = generate_options(request.fields, model.defaults);
  one.options.top_logprobs = request.logprobs;
  one.options.thinking.emplace();
  one.options.thinking_budget = request.thinking_budget;
  hold_answer(model.tool_format, request.tools, request.fields.format, one.options);
  one.options.may_reason = model.reasons;
  one.prompt = std::move(prompt.ids);
  one.borders = std::move(prompt.borders);
  one.answers = request.fields.answers;
  one.use_cache = request.fields.use_cache;
  return one;
}

Work make_chat_work(const ServedModel& model, const OrderedJson& body) {
  ChatRequest request = read_request(model, body);
  Work work;
  work.stream = request.fields.stream;
  work.requests.push_back(chat_completion(model, request, make_prompt(model, request)));
  work.reply = make_chat_reply(model, request, work.requests.front());
  return work;
}

}  // namespace cellm
