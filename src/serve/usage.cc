#include "serve/usage.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace cellm {

void Usage::take(const CompletionEvent& event) {
  if (event.kind == CompletionEvent::Kind::kPromptRead) cached_ += event.cached_tokens;
  if (event.kind != CompletionEvent::Kind::kEnd) return;
  const GenerateResult& result = event.result;
  generated_ += result.ids.size() + (result.end_id ? 1 : 0);
  reasoning_ += result.thinking_tokens;
  drafted_ += result.drafted_tokens;
  accepted_ += result.accepted_tokens;
  // Answers of one request run side by side.
  prompt_seconds_ = std::max(prompt_seconds_, result.prompt_seconds);
  decode_seconds_ = std::max(decode_seconds_, result.decode_seconds);
}

std::string Usage::note() const {
  return fmt::format("{} tokens ({} cached) and {} generated", prompt_, cached_, generated_);
}

OrderedJson Usage::completion_json() const {
  return {{"prompt_tokens", prompt_},
          {"completion_tokens", generated_},
          {"total_tokens", prompt_ + generated_},
          {"prompt_tokens_details", {{"cached_tokens", cached_}}},
          {"completion_tokens_details", {{"reasoning_tokens", reasoning_}}}};
}

OrderedJson Usage::response_json() const {
  return {{"input_tokens", prompt_},
          {"input_tokens_details", {{"cached_tokens", cached_}, {"cache_write_tokens", 0}}},
          {"output_tokens", generated_},
          {"output_tokens_details", {{"reasoning_tokens", reasoning_}}},
          {"total_tokens", prompt_ + generated_}};
}

OrderedJson Usage::timings_json() const {
  const auto rate = [](std::size_t tokens, double seconds) {
    return seconds > 0.0 ? static_cast<double>(tokens) / seconds : 0.0;
  };
  const auto each = [](double milliseconds, std::size_t tokens) {
    return tokens > 0 ? milliseconds / static_cast<double>(tokens) : 0.0;
  };
  constexpr double kMilliseconds = 1000.0;
  const std::size_t read = prompt_ - std::min(prompt_, cached_);
  return {{"cache_n", cached_},
          {"prompt_n", read},
          {"prompt_ms", prompt_seconds_ * kMilliseconds},
          {"prompt_per_token_ms", each(prompt_seconds_ * kMilliseconds, read)},
          {"prompt_per_second", rate(read, prompt_seconds_)},
          {"predicted_n", generated_},
          {"predicted_ms", decode_seconds_ * kMilliseconds},
          {"predicted_per_token_ms", each(decode_seconds_ * kMilliseconds, generated_)},
          {"predicted_per_second", rate(generated_, decode_seconds_)},
          {"draft_n", drafted_},
          {"draft_n_accepted", accepted_}};
}

std::string Usage::completion_event(OrderedJson frame) const {
  frame["choices"] = OrderedJson::array();
  frame["usage"] = completion_json();
  frame["timings"] = timings_json();
  return sse_event(frame);
}

const char* finish_reason(StopReason reason) {
  switch (reason) {
    case StopReason::kLength:
    case StopReason::kContext:
      return "length";
    default:
      return "stop";
  }
}

}  // namespace cellm
