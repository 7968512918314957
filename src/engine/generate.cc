#include "engine/generate.h"

#include <algorithm>

#include "base/error.h"
#include "base/stopwatch.h"

namespace cellm {
namespace {

constexpr std::string_view kEndOfTurn = "<|im_end|>";

void add_distinct(std::vector<std::uint32_t>& ids, std::uint32_t id) {
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}

}  // namespace

std::string_view stop_reason_name(StopReason reason) {
  switch (reason) {
    case StopReason::kEos:
      return "eos";
    case StopReason::kLength:
      return "length";
    case StopReason::kContext:
      return "context";
    case StopReason::kInterrupted:
      break;
  }
  return "interrupted";
}

GenerateResult generate(Session& session, std::span<const std::uint32_t> prompt,
                        const GenerateOptions& options,
                        const std::function<void(std::uint32_t)>& on_token,
                        const std::function<bool()>& interrupted) {
  if (prompt.empty()) throw usage_error("the prompt is empty");
  GenerateResult result;
  Sampler sampler(options.sampler, options.unusable_ids);
  std::vector<std::uint32_t> history(prompt.begin(), prompt.end());

  Stopwatch watch;
  session.require_fit(prompt);
  std::span<const float> logits;
  while (result.prompt_tokens < prompt.size()) {
    if (interrupted()) {
      result.reason = StopReason::kInterrupted;
      return result;
    }
    const std::size_t count = std::min(kMaxBatchTokens, prompt.size() - result.prompt_tokens);
    logits = session.advance(prompt.subspan(result.prompt_tokens, count));
    result.prompt_tokens += count;
  }
  result.prompt_seconds = watch.lap();

  const auto finish = [&](StopReason reason) {
    result.reason = reason;
    result.decode_seconds = watch.seconds();
    return result;
  };
  while (result.ids.size() < options.max_tokens) {
    const std::uint32_t id = sampler.sample(logits, history);
    if (std::find(options.stop_ids.begin(), options.stop_ids.end(), id) != options.stop_ids.end()) {
      return finish(StopReason::kEos);
    }
    result.ids.push_back(id);
    history.push_back(id);
    on_token(id);
    if (interrupted()) return finish(StopReason::kInterrupted);
    if (result.ids.size() == options.max_tokens) break;
    if (session.position() == session.max_tokens()) return finish(StopReason::kContext);
    logits = session.advance({&id, 1});
    ++result.decoded_tokens;
  }
  return finish(StopReason::kLength);
}

std::vector<std::uint32_t> end_of_answer_ids(const Engine& engine, const Tokenizer* tokenizer) {
  std::vector<std::uint32_t> ids = engine.config().eos_ids;
  for (const std::uint32_t id : engine.opened().generation_end_ids()) add_distinct(ids, id);
  if (tokenizer != nullptr) {
    if (const auto id = tokenizer->token_to_id(kEndOfTurn)) add_distinct(ids, *id);
  }
  return ids;
}

std::vector<std::uint32_t> unusable_ids(const Engine& engine, const Tokenizer& tokenizer) {
  std::vector<std::uint32_t> ids;
  for (std::size_t id = 0; id < engine.config().vocab_size; ++id) {
    if (!tokenizer.contains(static_cast<std::uint32_t>(id))) {
      ids.push_back(static_cast<std::uint32_t>(id));
    }
  }
  return ids;
}

}  // namespace cellm
