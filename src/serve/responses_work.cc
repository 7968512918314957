// /v1/responses

#include <string>

#include <nlohmann/json.hpp>

#include "serve/api_error.h"
#include "serve/chat_work.h"
#include "serve/limits.h"
#include "serve/responses_reply.h"

namespace cellm {
namespace {

// The content of an item as that of a message of the chat interface.
OrderedJson content_of(const OrderedJson& content) {
  OrderedJson parts = content;
  if (!parts.is_array()) return parts;
  for (OrderedJson& part : parts) {
    if (!part.is_object()) continue;  // refused with its place by the reader of messages
    const auto kind = part.find("type");
    if (kind != part.end() && (*kind == "input_text" || *kind == "output_text")) *kind = "text";
  }
  return parts;
}

// Calls belong to the message of the assistant in front of them.
void add_call(const Fields& item, OrderedJson& messages) {
  if (messages.empty() || messages.back()["role"] != "assistant") {
    messages.push_back({{"role", "assistant"}, {"content", nullptr}});
  }
  messages.back()["tool_calls"].push_back(
      {{"id", item.need("call_id")},
       {"type", "function"},
       {"function", {{"name", item.need("name")}, {"arguments", item.need("arguments")}}}});
}

void add_item(const Fields& item, OrderedJson& messages) {
  const auto type = item.text("type").value_or("message");
  if (type == "message") {
    messages.push_back(
        {{"role", item.need("role")}, {"content", content_of(item.need("content"))}});
  } else if (type == "function_call") {
    add_call(item, messages);
  } else if (type == "function_call_output") {
    messages.push_back({{"role", "tool"},
                        {"tool_call_id", item.need("call_id")},
                        {"content", content_of(item.need("output"))}});
  } else if (type != "reasoning") {  // of earlier answers, which templates leave out
    throw field_error(item.path("type"), "{}: items of type \"{}\" are not supported",
                      item.path("type"), printable(type));
  }
}

OrderedJson read_input(const Fields& request) {
  OrderedJson messages = OrderedJson::array();
  if (const auto instructions = request.text("instructions")) {
    messages.push_back({{"role", "system"}, {"content", *instructions}});
  }
  const OrderedJson& input = request.need("input");
  if (input.is_string()) {
    messages.push_back({{"role", "user"}, {"content", input}});
    return messages;
  }
  const OrderedJson* items = request.array("input", kMaxMessages);
  for (std::size_t i = 0; i < items->size(); ++i) {
    add_item(Fields((*items)[i], fmt::format("input[{}]", i)), messages);
  }
  return messages;
}

// Fields that ask for something that a server without a store cannot do.
void refuse_unsupported(const Fields& request) {
  for (const std::string_view name : {"previous_response_id", "conversation"}) {
    if (request.has(name)) {
      throw field_error(std::string(name),
                        "{}: responses are not stored; send the whole "
                        "conversation as input",
                        name);
    }
  }
  if (request.boolean("background").value_or(false)) {
    throw field_error("background", "background: not supported");
  }
  request.boolean("store");
  if (const auto truncation = request.choice("truncation", {"disabled", "auto"})) {
    if (*truncation == 1) {
      throw field_error("truncation", "truncation: a conversation is never cut");
    }
  }
}

const OrderedJson& value_or_null(const Fields& request, std::string_view name) {
  static const OrderedJson null;
  const OrderedJson* value = request.find(name);
  return value == nullptr ? null : *value;
}

// 0.7 for 0.7F
double shortest(float value) {
  return std::stod(fmt::format("{}", value));
}

OrderedJson echoed_fields(const Fields& request, const ToolRequest& tools,
                          const CompletionRequest& completion) {
  OrderedJson functions = value_or_null(request, "tools");
  if (functions.is_null()) functions = OrderedJson::array();
  OrderedJson choice = value_or_null(request, "tool_choice");
  if (choice.is_null()) choice = "auto";
  OrderedJson text{{"format", {{"type", "text"}}}};
  if (const OrderedJson* given = request.find("text")) text = *given;
  if (!text.contains("format")) text["format"] = {{"type", "text"}};
  OrderedJson metadata = value_or_null(request, "metadata");
  if (metadata.is_null()) metadata = OrderedJson::object();
  OrderedJson effort;
  if (const auto reasoning = request.object("reasoning")) {
    effort = value_or_null(*reasoning, "effort");
  }
  return {{"instructions", value_or_null(request, "instructions")},
          {"max_output_tokens", value_or_null(request, "max_output_tokens")},
          {"metadata", std::move(metadata)},
          {"parallel_tool_calls", tools.parallel},
          {"reasoning", {{"effort", std::move(effort)}, {"summary", nullptr}}},
          {"temperature", shortest(completion.options.sampler.temperature)},
          {"text", std::move(text)},
          {"tool_choice", std::move(choice)},
          {"tools", std::move(functions)},
          {"top_p", shortest(completion.options.sampler.top_p)},
          {"user", value_or_null(request, "user")}};
}

ChatRequest read_request(const ServedModel& model, const OrderedJson& body) {
  const Fields request(body);
  ChatRequest chat;
  refuse_unsupported(request);
  chat.fields = read_answer_fields(request, model.vocab_size);
  if (chat.fields.answers != 1) throw field_error("n", "n: a response has one answer");
  if (const auto text = request.object("text")) {
    if (const auto format = text->object("format")) {
      set_format(read_output_format(*format, true), chat.fields);
    }
  }
  if (const OrderedJson* metadata = request.find("metadata"); metadata && !metadata->is_object()) {
    throw field_error("metadata", "metadata: expected an object, found {}", json_type(*metadata));
  }
  read_conversation(read_input(request), body, chat);
  read_chat_options(request, chat);
  if (const auto reasoning = request.object("reasoning")) {
    OrderedJson options{{"reasoning_effort", value_or_null(*reasoning, "effort")}};
    if (const OrderedJson* kwargs = request.find("chat_template_kwargs")) {
      options["chat_template_kwargs"] = *kwargs;
    }
    read_chat_options(Fields(options), chat);
  }
  return chat;
}

}  // namespace

Work make_responses_work(const ServedModel& model, const OrderedJson& body) {
  const Fields request(body);
  const ChatRequest chat = read_request(model, body);
  Work work;
  work.stream = chat.fields.stream;
  work.requests.push_back(chat_completion(model, chat, make_prompt(model, chat)));
  const CompletionRequest& completion = work.requests.front();
  work.reply =
      make_responses_reply(model, chat, echoed_fields(request, chat.tools, completion), completion);
  return work;
}

}  // namespace cellm
