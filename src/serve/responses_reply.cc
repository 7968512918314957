#include "serve/responses_reply.h"

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "serve/answer_parts.h"
#include "serve/responses_items.h"

namespace cellm {
namespace {

using Kind = CompletionEvent::Kind;

class ResponsesReply : public Reply {
 public:
  ResponsesReply(const ServedModel& model, const ChatRequest& request, OrderedJson echoed,
                 const CompletionRequest& asked)
      : model_(&model),
        echoed_(std::move(echoed)),
        id_("resp_" + random_id()),
        tools_(request.tools),
        parts_(model.tokenizer(), asked.prompt,
               {.split_reasoning = request.split_reasoning,
                .tool_format = model.tool_format,
                .tools = tools_,
                .constrained = asked.options.constraint != nullptr}),
        events_(request.fields.stream),
        items_(events_) {
    usage_.add_prompt(asked.prompt.size());
  }

  std::string take(std::size_t /*prompt*/, const CompletionEvent& event) override {
    usage_.take(event);
    switch (event.kind) {
      case Kind::kPromptRead:
        begin();
        break;
      case Kind::kToken:
        add(parts_.push(event.text));
        break;
      case Kind::kEnd:
        add(parts_.finish(event.result));
        is_cut_ = std::string_view(finish_reason(event.result.reason)) == "length";
        // A response has an item even if the model ended it at once.
        if (items_.is_empty()) items_.open_message();
        items_.close(!is_cut_);
        break;
      case Kind::kFailed:
        break;
    }
    return events_.take();
  }

  std::string end() override {
    status_ = is_cut_ ? "incomplete" : "completed";
    events_.add(is_cut_ ? "response.incomplete" : "response.completed", {{"response", json()}});
    return events_.take();
  }

  std::string fail(const ApiError& error) override {
    status_ = "failed";
    error_ = {{"code", "server_error"}, {"message", error.what()}};
    events_.add("response.failed", {{"response", json()}});
    return events_.take();
  }

  OrderedJson whole() override {
    status_ = is_cut_ ? "incomplete" : "completed";
    return json();
  }

 private:
  void begin() {
    events_.add("response.created", {{"response", json()}});
    events_.add("response.in_progress", {{"response", json()}});
  }

  void add(const AnswerDelta& delta) {
    items_.add_reasoning(delta.reasoning);
    items_.add_message(delta.content);
    for (const ToolEvent& event : delta.calls) items_.add_call(event);
  }

  // The response as it is now.
  OrderedJson json() const {
    const bool is_open = std::string_view(status_) == "in_progress";
    OrderedJson response{{"id", id_},
                         {"object", "response"},
                         {"created_at", created_},
                         {"status", status_},
                         {"background", false},
                         {"error", error_},
                         {"incomplete_details", nullptr},
                         {"model", model_->name},
                         {"output", items_.list()},
                         {"previous_response_id", nullptr},
                         {"store", false},
                         {"truncation", "disabled"},
                         {"usage", is_open ? OrderedJson() : usage_.response_json()}};
    if (std::string_view(status_) == "incomplete") {
      response["incomplete_details"] = {{"reason", "max_output_tokens"}};
    }
    response.update(echoed_);
    return response;
  }

  const ServedModel* model_;
  OrderedJson echoed_;
  std::string id_;
  std::int64_t created_ = unix_time();
  ToolRequest tools_;  // parts_ refers to it
  AnswerParts parts_;
  bool is_cut_ = false;
  const char* status_ = "in_progress";
  OrderedJson error_;
  ResponseEvents events_;
  ResponseItems items_;
};

}  // namespace

std::unique_ptr<Reply> make_responses_reply(const ServedModel& model, const ChatRequest& request,
                                            OrderedJson echoed, const CompletionRequest& asked) {
  return std::make_unique<ResponsesReply>(model, request, std::move(echoed), asked);
}

}  // namespace cellm
