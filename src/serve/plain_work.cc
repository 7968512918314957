// /completion, in the form of llama.cpp's server.

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "serve/api_error.h"
#include "serve/limits.h"
#include "serve/logprobs_json.h"
#include "serve/text_prompts.h"

namespace cellm {
namespace {

using Kind = CompletionEvent::Kind;

constexpr std::size_t kNoLimit = std::size_t{1} << 31;  // what -1 is read as

struct PlainRequest {
  std::vector<TextPrompt> prompts;
  AnswerFields fields;
  std::optional<std::size_t> logprobs = {};
  bool return_tokens = false;
  std::vector<std::string> response_fields = {};  // none: all
};

PlainRequest read_request(const ServedModel& model, const OrderedJson& body) {
  const Fields request(body);
  PlainRequest read;
  read.fields = read_answer_fields(request, model.vocab_size);
  read.prompts = read_prompts(model, request.need("prompt"));
  require_answers(read.prompts.size(), read.fields.answers);
  const auto probabilities = request.count("n_probs", 0, kMaxChatLogprobs);
  if (probabilities && *probabilities != 0) read.logprobs = probabilities;
  read.return_tokens = request.boolean("return_tokens").value_or(false);
  if (request.boolean("post_sampling_probs").value_or(false)) {
    throw field_error("post_sampling_probs",
                      "post_sampling_probs: not supported; probabilities are the model's own");
  }
  if (const OrderedJson* fields = request.array("response_fields", kMaxResponseFields)) {
    for (const OrderedJson& field : *fields) {
      if (!field.is_string()) {
        throw field_error("response_fields", "response_fields: expected strings");
      }
      read.response_fields.push_back(field.get<std::string>());
    }
  }
  return read;
}

OrderedJson settings_json(const PlainRequest& request, const GenerateOptions& options) {
  const SamplerOptions& sampler = options.sampler;
  const auto most = request.fields.max_tokens;
  OrderedJson biases = OrderedJson::array();
  for (const LogitBias& one : sampler.logit_bias) {  // −∞ is null, which JSON has in its place
    biases.push_back({{"token", one.id}, {"bias", one.bias}});
    if (!std::isfinite(one.bias)) biases.back()["bias"] = nullptr;
  }
  OrderedJson n_predict = -1;
  if (most && *most < kNoLimit) n_predict = *most;
  return {{"seed", sampler.seed},
          {"temperature", sampler.temperature},
          {"top_k", sampler.top_k},
          {"top_p", sampler.top_p},
          {"min_p", sampler.min_p},
          {"top_n_sigma", sampler.top_n_sigma},
          {"typical_p", sampler.typical_p},
          {"xtc_probability", sampler.xtc_probability},
          {"xtc_threshold", sampler.xtc_threshold},
          {"repeat_last_n", sampler.repeat_window},
          {"repeat_penalty", sampler.repeat_penalty},
          {"presence_penalty", sampler.presence_penalty},
          {"frequency_penalty", sampler.frequency_penalty},
          {"dry_multiplier", sampler.dry.multiplier},
          {"dry_base", sampler.dry.base},
          {"dry_allowed_length", sampler.dry.allowed_length},
          {"dry_penalty_last_n", sampler.dry.window},
          {"stop", options.stop_strings},
          {"max_tokens", n_predict},
          {"n_predict", n_predict},
          {"min_tokens", options.min_tokens},
          {"ignore_eos", request.fields.ignore_end},
          {"stream", request.fields.stream},
          {"n_probs", request.logprobs.value_or(0)},
          {"logit_bias", std::move(biases)}};
}

const char* stop_type(StopReason reason) {
  switch (reason) {
    case StopReason::kEos:
      return "eos";
    case StopReason::kStopString:
      return "word";
    case StopReason::kLength:
    case StopReason::kContext:
      return "limit";
    default:
      return "none";
  }
}

struct Answer {
  std::string text;  // what a stream has not sent
  std::size_t bytes = 0;
  std::vector<std::uint32_t> ids = {};
  std::size_t generated = 0;
  OrderedJson probabilities = OrderedJson::array();
  bool has_new_line = false;
  OrderedJson whole = {};
};

class PlainReply : public Reply {
 public:
  PlainReply(const ServedModel& model, PlainRequest request, OrderedJson settings)
      : model_(&model), request_(std::move(request)), settings_(std::move(settings)) {
    for (const TextPrompt& prompt : request_.prompts) usage_.add_prompt(prompt.ids.size());
    answers_.resize(request_.prompts.size() * request_.fields.answers);
    cached_.resize(request_.prompts.size());
  }

  std::string take(std::size_t prompt, const CompletionEvent& event) override {
    usage_.take(event);
    if (event.kind == Kind::kPromptRead) cached_[prompt] = event.cached_tokens;
    const std::size_t index = prompt * request_.fields.answers + event.answer;
    if (event.kind == Kind::kToken) {
      Answer& answer = answers_[index];
      ++answer.generated;
      answer.ids.push_back(event.id);
      if (event.logprobs) answer.probabilities.push_back(probability(*event.logprobs));
      add_text(answer, event.text);
      if (request_.fields.stream && !event.text.empty()) return sse_event(part(prompt, index));
    }
    if (event.kind != Kind::kEnd) return {};
    Answer& answer = answers_[index];
    add_text(answer, std::string_view(event.result.text).substr(answer.bytes));
    answer.whole = last(prompt, index, event.result);
    return request_.fields.stream ? sse_event(answer.whole) : std::string();
  }

  std::string end() override { return {}; }

  std::string fail(const ApiError& error) override {
    return request_.fields.stream ? error_event(error) : std::string();
  }

  // An object for one answer, an array for several.
  OrderedJson whole() override {
    if (answers_.size() == 1) return answers_.front().whole;
    OrderedJson list = OrderedJson::array();
    for (const Answer& answer : answers_) list.push_back(answer.whole);
    return list;
  }

 private:
  static void add_text(Answer& answer, std::string_view text) {
    answer.text += text;
    answer.bytes += text.size();
    answer.has_new_line = answer.has_new_line || text.find('\n') != std::string_view::npos;
  }

  OrderedJson probability(const TokenLogprobs& logprobs) const {
    OrderedJson entry = chat_logprob(model_->tokenizer(), logprobs);
    OrderedJson json{{"id", logprobs.chosen.id}};
    json.update(entry);
    for (std::size_t i = 0; i < logprobs.top.size(); ++i) {
      json["top_logprobs"][i]["id"] = logprobs.top[i].id;
    }
    return json;
  }

  // The chunk of a stream for the tokens since the last chunk.
  OrderedJson part(std::size_t prompt, std::size_t index) {
    Answer& answer = answers_[index];
    OrderedJson json{{"index", index},
                     {"content", std::exchange(answer.text, {})},
                     {"tokens", std::exchange(answer.ids, {})},
                     {"stop", false},
                     {"id_slot", -1},
                     {"tokens_predicted", answer.generated},
                     {"tokens_evaluated", request_.prompts[prompt].ids.size()}};
    if (request_.logprobs) {
      json["completion_probabilities"] = std::exchange(answer.probabilities, OrderedJson::array());
    }
    return json;
  }

  OrderedJson last(std::size_t prompt, std::size_t index, const GenerateResult& result) {
    Answer& answer = answers_[index];
    const bool with_tokens = request_.return_tokens && !request_.fields.stream;
    OrderedJson json{{"index", index},
                     {"content", answer.text},
                     {"tokens", with_tokens ? OrderedJson(answer.ids) : OrderedJson::array()},
                     {"id_slot", -1},
                     {"stop", true},
                     {"model", model_->name},
                     {"tokens_predicted", answer.generated},
                     {"tokens_evaluated", request_.prompts[prompt].ids.size()},
                     {"generation_settings", settings_},
                     {"prompt", model_->tokenizer().decode(request_.prompts[prompt].ids, false)},
                     {"has_new_line", answer.has_new_line},
                     {"truncated", false},
                     {"stop_type", stop_type(result.reason)},
                     {"stopping_word", stopping_word(result)},
                     {"tokens_cached", cached_[prompt]},
                     {"timings", usage_.timings_json()}};
    if (request_.logprobs && !request_.fields.stream) {
      json["completion_probabilities"] = answer.probabilities;
    }
    return chosen(std::move(json));
  }

  // The stop string that ended a text, which is not in it any more.
  std::string stopping_word(const GenerateResult& result) const {
    if (result.reason != StopReason::kStopString) return {};
    const std::string all = model_->tokenizer().decode(result.ids, true);
    const std::string_view rest =
        std::string_view(all).substr(std::min(result.text.size(), all.size()));
    std::string longest;
    for (const std::string& stop : request_.fields.stop) {
      if (rest.starts_with(stop) && stop.size() > longest.size()) longest = stop;
    }
    return longest;
  }

  // The fields that were asked for by their paths: "content", "generation_settings/seed".
  OrderedJson chosen(OrderedJson json) const {
    if (request_.response_fields.empty()) return json;
    OrderedJson some = OrderedJson::object();
    for (const std::string& path : request_.response_fields) {
      const OrderedJson* value = &json;
      std::string_view rest = path;
      while (value != nullptr) {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        const auto found =
            value->is_object() ? value->find(std::string(rest.substr(0, end))) : value->end();
        value = value->is_object() && found != value->end() ? &*found : nullptr;
        if (end == rest.size()) break;
        rest.remove_prefix(end + 1);
      }
      if (value != nullptr) some[path] = *value;
    }
    return some;
  }

  const ServedModel* model_;
  PlainRequest request_;
  OrderedJson settings_;
  std::vector<Answer> answers_;
  std::vector<std::size_t> cached_;
};

}  // namespace

Work make_plain_work(const ServedModel& model, const OrderedJson& body) {
  PlainRequest request = read_request(model, body);
  const GenerateOptions options = text_options(model, request.fields, request.logprobs);
  Work work;
  work.stream = request.fields.stream;
  work.requests = text_requests(request.prompts, request.fields, options);
  OrderedJson settings = settings_json(request, options);
  work.reply = std::make_unique<PlainReply>(model, std::move(request), std::move(settings));
  return work;
}

}  // namespace cellm
