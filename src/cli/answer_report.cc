#include "cli/answer_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace cellm {
namespace {

using Json = nlohmann::ordered_json;

const char* stop_reason_name(int reason) {
  switch (reason) {
    case CELLM_STOP_END:
      return "eos";
    case CELLM_STOP_LENGTH:
      return "length";
    case CELLM_STOP_CONTEXT:
      return "context";
    case CELLM_STOP_STRING:
      return "stop";
    case CELLM_STOP_LOOP:
      return "loop";
    default:
      return "interrupted";
  }
}

double prompt_rate(const GenerateResult& result) {
  return rate(result.prompt_tokens, result.prompt_seconds);
}

double decode_rate(const GenerateResult& result) {
  return rate(result.decoded_tokens, result.decode_seconds);
}

Json json_of(const cellm_logprob& one, const Model& model) {
  Json json{{"id", one.id}, {"logprob", one.logprob}};
  if (model.facts().has_tokenizer != 0) json["text"] = model.detokenize({&one.id, 1});
  return json;
}

Json json_of(const std::vector<TokenLogprobs>& logprobs, const Model& model) {
  Json list = Json::array();
  for (const TokenLogprobs& token : logprobs) {
    Json one = json_of(token.chosen, model);
    one["top"] = Json::array();
    for (const cellm_logprob& other : token.top) one["top"].push_back(json_of(other, model));
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace

void print_json(const Answer& answer, const Model& model) {
  const GenerateResult& result = answer.result;
  Json json{{"text", answer.text},
            {"ids", answer.ids},
            {"prompt_ids", answer.prompt},
            {"stop_reason", stop_reason_name(result.stop_reason)},
            {"seed", answer.seed}};
  if (!result.reasoning_text.empty()) {
    json["reasoning"] = result.reasoning_text;
    json["answer"] = result.answer_text;
    json["thinking_tokens"] = result.thinking_tokens;
  }
  if (!result.token_logprobs.empty()) json["logprobs"] = json_of(result.token_logprobs, model);
  json["timings"] = {{"load_seconds", answer.load_seconds},
                     {"prompt_tokens", result.prompt_tokens},
                     {"prompt_seconds", result.prompt_seconds},
                     {"prompt_tokens_per_second", prompt_rate(result)},
                     {"decode_tokens", result.decoded_tokens},
                     {"decode_seconds", result.decode_seconds},
                     {"decode_tokens_per_second", decode_rate(result)},
                     {"drafted_tokens", result.drafted_tokens},
                     {"accepted_tokens", result.accepted_tokens}};
  json["peak_memory_bytes"] = peak_memory_bytes();
  json["threads"] = model.facts().threads;
  json["target"] = model.target();
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_statistics(const Answer& answer) {
  const GenerateResult& result = answer.result;
  const std::string lookup =
      result.drafted_tokens == 0
          ? ""
          : fmt::format(" (lookup: {} of {} right)", result.accepted_tokens, result.drafted_tokens);
  fmt::print(stderr,
             "load {:.2f} s | prompt {} tokens, {:.1f} tokens/s | decode {} tokens, {:.1f} "
             "tokens/s{} | peak memory {} "
             "| stop: {} | seed {}\n",
             answer.load_seconds, result.prompt_tokens, prompt_rate(result),
             result.generated_tokens, decode_rate(result), lookup, human_bytes(peak_memory_bytes()),
             stop_reason_name(result.stop_reason), answer.seed);
}

}  // namespace cellm
