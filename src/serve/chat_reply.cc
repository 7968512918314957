#include "serve/chat_reply.h"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/version.h"
#include "serve/answer_parts.h"
#include "serve/api_error.h"
#include "serve/logprobs_json.h"

namespace cellm {
namespace {

using Kind = CompletionEvent::Kind;

struct Choice {
  AnswerParts parts;
  std::string reasoning = {};
  std::string content = {};
  OrderedJson calls = OrderedJson::array();
  OrderedJson logprobs = OrderedJson::array();
  OrderedJson finish = {};
};

OrderedJson call_json(const ToolEvent& event) {
  return {{"id", event.id},
          {"type", "function"},
          {"function", {{"name", event.name}, {"arguments", ""}}}};
}

// Part of a call, in a stream.
OrderedJson call_delta(const ToolEvent& event) {
  OrderedJson delta{{"index", event.index}};
  if (event.kind == ToolEvent::Kind::kCall) {
    delta.update(call_json(event));
  } else {
    delta["function"] = {{"arguments", event.text}};
  }
  return delta;
}

// The same in a whole answer.
void add_call(const ToolEvent& event, OrderedJson& calls) {
  if (event.kind == ToolEvent::Kind::kCall) {
    calls.push_back(call_json(event));
  } else {
    calls[event.index]["function"]["arguments"].get_ref<std::string&>() += event.text;
  }
}

class ChatReply : public Reply {
 public:
  ChatReply(const ServedModel& model, const ChatRequest& request, const CompletionRequest& asked)
      : model_(&model),
        tools_(request.tools),
        stream_(request.fields.stream),
        include_usage_(request.fields.include_usage),
        has_logprobs_(request.logprobs.has_value()),
        id_("chatcmpl-" + random_id()) {
    usage_.add_prompt(asked.prompt.size());
    const AnswerForm form{.split_reasoning = request.split_reasoning,
                          .tool_format = model.tool_format,
                          .tools = tools_,
                          .constrained = asked.options.constraint != nullptr};
    for (std::size_t i = 0; i < request.fields.answers; ++i) {
      choices_.push_back({AnswerParts(model.tokenizer(), asked.prompt, form)});
    }
  }

  std::string take(std::size_t /*prompt*/, const CompletionEvent& event) override {
    usage_.take(event);
    switch (event.kind) {
      case Kind::kPromptRead:
        return begin();
      case Kind::kToken: {
        Choice& choice = choices_[event.answer];
        if (event.logprobs) {
          choice.logprobs.push_back(chat_logprob(model_->tokenizer(), *event.logprobs));
        }
        return add(event.answer, choice.parts.push(event.text));
      }
      case Kind::kEnd: {
        Choice& choice = choices_[event.answer];
        const AnswerDelta rest = choice.parts.finish(event.result);
        choice.finish = finish_reason(event.result.reason);
        if (choice.parts.has_calls() && choice.finish == "stop") choice.finish = "tool_calls";
        return add(event.answer, rest) + finish(event.answer);
      }
      case Kind::kFailed:
        break;
    }
    return {};
  }

  std::string end() override {
    if (!stream_) return {};
    std::string text = include_usage_ ? usage_.completion_event(frame()) : std::string();
    return text.append(kSseDone);
  }

  std::string fail(const ApiError& error) override {
    return stream_ ? error_event(error) : std::string();
  }

  OrderedJson whole() override {
    OrderedJson response = frame();
    response["choices"] = OrderedJson::array();
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      const Choice& choice = choices_[i];
      OrderedJson message{{"role", "assistant"}, {"content", choice.content}, {"refusal", nullptr}};
      if (!choice.reasoning.empty()) message["reasoning_content"] = choice.reasoning;
      if (!choice.calls.empty()) {
        message["tool_calls"] = choice.calls;
        if (choice.content.empty()) message["content"] = nullptr;
      }
      OrderedJson logprobs;
      if (has_logprobs_) logprobs = {{"content", choice.logprobs}, {"refusal", nullptr}};
      response["choices"].push_back({{"index", i},
                                     {"message", std::move(message)},
                                     {"logprobs", std::move(logprobs)},
                                     {"finish_reason", choice.finish}});
    }
    response["usage"] = usage_.completion_json();
    response["timings"] = usage_.timings_json();
    return response;
  }

 private:
  OrderedJson frame() const {
    return {{"id", id_},
            {"object", stream_ ? "chat.completion.chunk" : "chat.completion"},
            {"created", created_},
            {"model", model_->name},
            {"system_fingerprint", kProgramVersion}};
  }

  // The first chunk of each answer.
  std::string begin() {
    std::string chunks;
    for (std::size_t i = 0; stream_ && i < choices_.size(); ++i) {
      chunks += chunk(i, {{"role", "assistant"}, {"content", nullptr}}, nullptr);
    }
    return chunks;
  }

  std::string add(std::size_t index, const AnswerDelta& delta) {
    Choice& choice = choices_[index];
    if (!stream_) {
      choice.reasoning += delta.reasoning;
      choice.content += delta.content;
      for (const ToolEvent& event : delta.calls) add_call(event, choice.calls);
      return {};
    }
    if (delta.empty() && choice.logprobs.empty()) return {};
    OrderedJson json = OrderedJson::object();
    if (!delta.reasoning.empty()) json["reasoning_content"] = delta.reasoning;
    if (!delta.content.empty()) json["content"] = delta.content;
    for (const ToolEvent& event : delta.calls) json["tool_calls"].push_back(call_delta(event));
    return chunk(index, std::move(json), nullptr);
  }

  std::string finish(std::size_t index) {
    return stream_ ? chunk(index, OrderedJson::object(), choices_[index].finish) : std::string();
  }

  // With the log probabilities that are there.
  std::string chunk(std::size_t index, OrderedJson delta, const OrderedJson& finish) {
    Choice& choice = choices_[index];
    OrderedJson logprobs;
    if (!choice.logprobs.empty()) {
      logprobs = {{"content", std::move(choice.logprobs)}, {"refusal", nullptr}};
      choice.logprobs = OrderedJson::array();
    }
    OrderedJson json = frame();
    json["choices"] = OrderedJson::array({{{"index", index},
                                           {"delta", std::move(delta)},
                                           {"logprobs", std::move(logprobs)},
                                           {"finish_reason", finish}}});
    if (include_usage_) json["usage"] = nullptr;
    return sse_event(json);
  }

  const ServedModel* model_;
  ToolRequest tools_;  // the parts of answers refer to it
  bool stream_;
  bool include_usage_;
  bool has_logprobs_;
  std::string id_;
  std::int64_t created_ = unix_time();
  std::vector<Choice> choices_;
};

}  // namespace

std::unique_ptr<Reply> make_chat_reply(const ServedModel& model, const ChatRequest& request,
                                       const CompletionRequest& asked) {
  return std::make_unique<ChatReply>(model, request, asked);
}

}  // namespace cellm
