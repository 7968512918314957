// /v1/completions

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/version.h"
#include "serve/api_error.h"
#include "serve/limits.h"
#include "serve/logprobs_json.h"
#include "serve/text_prompts.h"

namespace cellm {
namespace {

using Kind = CompletionEvent::Kind;

constexpr std::size_t kDefaultTokens = 16;  // OpenAI's

struct TextRequest {
  std::vector<TextPrompt> prompts;
  AnswerFields fields;
  bool echo = false;
  std::optional<std::size_t> logprobs = {};
};

TextRequest read_request(const ServedModel& model, const OrderedJson& body) {
  const Fields request(body);
  TextRequest read;
  read.fields = read_answer_fields(request, model.vocab_size);
  read.prompts = read_prompts(model, request.need("prompt"));
  read.echo = request.boolean("echo").value_or(false);
  read.logprobs = request.count("logprobs", 0, kMaxChatLogprobs);
  if (const auto suffix = request.text("suffix"); suffix && !suffix->empty()) {
    throw field_error("suffix",
                      "suffix: insertion is not supported; write the model's own tokens "
                      "for it into the prompt");
  }
  if (const auto best = request.count("best_of", 1, kMaxAnswers)) {
    if (*best != read.fields.answers) {
      throw field_error("best_of", "best_of: supported only if it equals n");
    }
  }
  require_answers(read.prompts.size(), read.fields.answers);
  return read;
}

struct Choice {
  explicit Choice(const Tokenizer& tokenizer) : logprobs(tokenizer) {}
  std::string text;
  std::size_t sent = 0;  // bytes of the answer's text
  TextLogprobs logprobs;
  OrderedJson finish;
};

class TextReply : public Reply {
 public:
  TextReply(const ServedModel& model, TextRequest request)
      : model_(&model), request_(std::move(request)), id_("cmpl-" + random_id()) {
    for (const TextPrompt& prompt : request_.prompts) {
      usage_.add_prompt(prompt.ids.size());
      for (std::size_t i = 0; i < request_.fields.answers; ++i) {
        choices_.emplace_back(model.tokenizer());
      }
    }
  }

  std::string take(std::size_t prompt, const CompletionEvent& event) override {
    usage_.take(event);
    const std::size_t answers = request_.fields.answers;
    if (event.kind == Kind::kPromptRead) {
      std::string chunks;
      for (std::size_t i = 0; request_.echo && i < answers; ++i) {
        chunks += echo(prompt, prompt * answers + i, event);
      }
      return chunks;
    }
    const std::size_t index = prompt * answers + event.answer;
    if (event.kind == Kind::kToken) {
      Choice& choice = choices_[index];
      choice.sent += event.text.size();
      if (request_.logprobs && event.logprobs) choice.logprobs.add(*event.logprobs);
      return add(index, event.text, nullptr);
    }
    return event.kind == Kind::kEnd ? finish(index, event.result) : std::string();
  }

  std::string end() override {
    if (!request_.fields.stream) return {};
    std::string text =
        request_.fields.include_usage ? usage_.completion_event(frame()) : std::string();
    return text.append(kSseDone);
  }

  std::string fail(const ApiError& error) override {
    return request_.fields.stream ? error_event(error) : std::string();
  }

  OrderedJson whole() override {
    OrderedJson response = frame();
    response["choices"] = OrderedJson::array();
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      Choice& choice = choices_[i];
      response["choices"].push_back(
          {{"text", choice.text},
           {"index", i},
           {"logprobs", request_.logprobs ? choice.logprobs.take() : OrderedJson()},
           {"finish_reason", choice.finish}});
    }
    response["usage"] = usage_.completion_json();
    response["timings"] = usage_.timings_json();
    return response;
  }

 private:
  OrderedJson frame() const {
    return {{"id", id_},
            {"object", "text_completion"},
            {"created", created_},
            {"model", model_->name},
            {"system_fingerprint", kProgramVersion}};
  }

  std::string echo(std::size_t prompt, std::size_t index, const CompletionEvent& event) {
    const TextPrompt& read = request_.prompts[prompt];
    if (request_.logprobs) {
      TextLogprobs& logprobs = choices_[index].logprobs;
      logprobs.add(read.ids.front());
      for (const TokenLogprobs& one : event.prompt_logprobs) logprobs.add(one);
    }
    return add(index, read.text, nullptr);
  }

  std::string finish(std::size_t index, const GenerateResult& result) {
    Choice& choice = choices_[index];
    if (request_.logprobs && result.end_logprobs) choice.logprobs.add(*result.end_logprobs);
    choice.finish = finish_reason(result.reason);
    return add(index, std::string_view(result.text).substr(choice.sent), choice.finish);
  }

  // A part of the text, as a chunk if the request streams.
  std::string add(std::size_t index, std::string_view text, const OrderedJson& finish) {
    Choice& choice = choices_[index];
    if (!request_.fields.stream) {
      choice.text += text;
      return {};
    }
    if (text.empty() && choice.logprobs.empty() && finish.is_null()) return {};
    OrderedJson logprobs;
    if (request_.logprobs && !choice.logprobs.empty()) logprobs = choice.logprobs.take();
    OrderedJson chunk = frame();
    chunk["choices"] = OrderedJson::array({{{"text", text},
                                            {"index", index},
                                            {"logprobs", std::move(logprobs)},
                                            {"finish_reason", finish}}});
    if (request_.fields.include_usage) chunk["usage"] = nullptr;
    return sse_event(chunk);
  }

  const ServedModel* model_;
  TextRequest request_;
  std::string id_;
  std::int64_t created_ = unix_time();
  std::vector<Choice> choices_;
};

}  // namespace

Work make_text_work(const ServedModel& model, const OrderedJson& body) {
  TextRequest request = read_request(model, body);
  GenerateOptions options = text_options(model, request.fields, request.logprobs);
  if (!request.fields.max_tokens) options.max_tokens = kDefaultTokens;
  Work work;
  work.stream = request.fields.stream;
  work.requests = text_requests(request.prompts, request.fields, options);
  if (request.echo) {
    for (CompletionRequest& one : work.requests) one.prompt_logprobs = request.logprobs;
  }
  work.reply = std::make_unique<TextReply>(model, std::move(request));
  return work;
}

}  // namespace cellm
