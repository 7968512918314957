// For tests: requests, what comes of them, and what is to come of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/generate.h"
#include "schedule/scheduler.h"

namespace cellm {

constexpr std::chrono::milliseconds kPatience{60000};

inline std::unique_ptr<Engine> test_engine(const std::string& model, unsigned threads) {
  return std::make_unique<Engine>(
      open_model(std::filesystem::path(CELLM_TESTDATA) / "models" / model),
      EngineOptions{{}, threads});
}

inline std::vector<std::uint32_t> test_ids(std::size_t tokens, std::uint32_t seed) {
  std::vector<std::uint32_t> ids(tokens);
  for (std::size_t i = 0; i < tokens; ++i) {
    ids[i] = static_cast<std::uint32_t>((i * 37 + seed * 101 + i * i * 7) % 300);
  }
  return ids;
}

inline CompletionRequest test_request(std::size_t tokens, std::uint32_t seed) {
  CompletionRequest request{.prompt = test_ids(tokens, seed)};
  request.options.max_tokens = 12;
  request.options.sampler.temperature = 1.5F;
  request.options.sampler.seed = seed;
  request.options.top_logprobs = 3;
  request.client.append(1, static_cast<char>('a' + seed % 4));
  return request;
}

// Log probabilities stand for the logits: they are equal only if those are.
struct CollectedAnswer {
  std::vector<std::uint32_t> ids;
  std::vector<std::pair<std::uint32_t, float>> logprobs;
  bool operator==(const CollectedAnswer&) const = default;
};

struct Collected {
  std::vector<CollectedAnswer> answers;
  std::vector<std::pair<std::uint32_t, float>> prompt_logprobs;
  std::vector<StopReason> reasons;
  std::size_t ends = 0;
  std::size_t cached = 0;
  std::optional<std::string> error;
  bool operator==(const Collected& other) const {
    return answers == other.answers && prompt_logprobs == other.prompt_logprobs &&
           reasons == other.reasons && error == other.error;
  }
};

inline void append(std::vector<std::pair<std::uint32_t, float>>& all, const TokenLogprobs& one) {
  all.emplace_back(one.chosen.id, one.chosen.logprob);
  for (const Logprob& top : one.top) all.emplace_back(top.id, top.logprob);
}

inline void collect(Collected& all, const CompletionEvent& event) {
  if (event.kind == CompletionEvent::Kind::kFailed) all.error = event.error->what();
  if (event.kind == CompletionEvent::Kind::kPromptRead) {
    all.cached = event.cached_tokens;
    for (const TokenLogprobs& one : event.prompt_logprobs) append(all.prompt_logprobs, one);
    return;
  }
  if (all.answers.size() <= event.answer) all.answers.resize(event.answer + 1);
  CollectedAnswer& answer = all.answers[event.answer];
  if (event.kind == CompletionEvent::Kind::kToken) {
    answer.ids.push_back(event.id);
    if (event.logprobs) append(answer.logprobs, *event.logprobs);
  }
  if (event.kind == CompletionEvent::Kind::kEnd) {
    ++all.ends;
    all.reasons.push_back(event.result.reason);
    // The result repeats the events.
    if (event.result.ids != answer.ids) all.error = "the result differs from the events";
  }
}

// All events to come.
inline Collected collect(Completion& completion) {
  Collected all;
  while (!completion.finished()) {
    const auto event = completion.next(kPatience);
    if (!event) {
      all.error = "no event came";
      break;
    }
    collect(all, *event);
  }
  return all;
}

// The answer of a session to the same request, alone.
inline Collected alone(const Engine& engine, const CompletionRequest& request,
                       const SequenceOptions& options = {}) {
  Collected all;
  if (request.prompt_logprobs) {
    Session session(engine, options);
    session.advance_each(request.prompt, [&](std::size_t i, std::span<const float> logits) {
      if (i + 1 == request.prompt.size()) return;
      append(all.prompt_logprobs,
             token_logprobs(logits, request.prompt[i + 1], *request.prompt_logprobs,
                            request.options.unusable_ids));
    });
  }
  Session session(engine, options);
  GenerateOptions how = request.options;
  how.lookup.use = UseLookup::kOff;
  const GenerateResult result = generate(
      session, request.prompt, how, [](auto, auto) {}, [] { return false; });
  CollectedAnswer answer{result.ids, {}};
  for (const TokenLogprobs& one : result.logprobs) append(answer.logprobs, one);
  all.answers.push_back(std::move(answer));
  all.reasons.push_back(result.reason);
  return all;
}

}  // namespace cellm
