#include "engine/batch.h"

#include <algorithm>

#include "base/error.h"
#include "base/stopwatch.h"
#include "model/batch.h"
#include "ops/linear.h"

namespace cellm {

SessionBatch::SessionBatch(const Engine& engine, const SessionOptions& options,
                           std::size_t sequences)
    : engine_(engine),
      max_tokens_(max_sequence_tokens(engine.config(), options)),
      work_(engine.config()),
      logits_(sequences * engine.config().vocab_size) {
  CELLM_CHECK(sequences > 0 && sequences <= kMaxBatchTokens);
  for (std::size_t i = 0; i < sequences; ++i) {
    states_.push_back(empty_state(engine.config(), options.kv_encoding, options.tokens_per_block));
  }
}

std::span<const float> SessionBatch::advance(std::span<const Input> inputs) {
  const ModelConfig& config = engine_.config();
  std::vector<Part> parts;
  std::size_t tokens = 0;
  for (const Input& input : inputs) {
    CELLM_CHECK(input.sequence < states_.size());
    SequenceState& state = states_[input.sequence];
    require_fit(config, input.tokens, state.position, max_tokens_);
    parts.push_back({input.tokens, &state});
    tokens += input.tokens.size();
  }
  CELLM_CHECK(tokens <= kMaxBatchTokens);
  const Compute compute{engine_.kernels(), engine_.pool(), scratch_};
  forward(compute, engine_.model(), parts, work_);

  // The last token of each part, side by side, for one product with the output matrix.
  float* last = work_.normed.data();
  std::size_t end = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    end += parts[i].tokens.size();
    std::copy_n(work_.hidden.data() + (end - 1) * config.hidden, config.hidden,
                last + i * config.hidden);
  }
  apply(compute, engine_.model().lm_head, last, parts.size(), logits_.data());
  const std::span<const float> logits(logits_.data(), parts.size() * config.vocab_size);
  require_finite(engine_, logits);
  return logits;
}

std::vector<GenerateResult> generate_batch(
    const Engine& engine, const SessionOptions& session, std::span<const BatchPrompt> prompts,
    const GenerateOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& progress) {
  if (prompts.empty()) return {};
  if (prompts.size() > kMaxBatchTokens) {
    throw usage_error("{} prompts at once; at most {} fit", prompts.size(), kMaxBatchTokens);
  }
  SessionBatch batch(engine, session, prompts.size());
  const std::size_t vocab = engine.config().vocab_size;
  std::vector<GenerateResult> results(prompts.size());
  std::vector<std::vector<std::uint32_t>> histories;
  std::vector<Sampler> samplers;
  const Stopwatch watch;

  // Chooses the next token of a sequence; false if it has come to its end. Touches nothing of
  // others.
  const auto choose = [&](std::size_t i, std::span<const float> logits) {
    GenerateResult& result = results[i];
    if (result.ids.size() == options.max_tokens) return false;
    const std::uint32_t id = samplers[i].sample(logits, histories[i]);
    if (std::find(options.stop_ids.begin(), options.stop_ids.end(), id) != options.stop_ids.end()) {
      result.reason = StopReason::kEos;
      return false;
    }
    result.ids.push_back(id);
    histories[i].push_back(id);
    if (result.ids.size() == options.max_tokens) return false;
    if (batch.position(i) == batch.max_tokens()) {
      result.reason = StopReason::kContext;
      return false;
    }
    return true;
  };
  std::vector<std::size_t> running;
  // Sequences that have come to their end count as if they had written all they may.
  const auto report = [&](std::size_t prompts_read) {
    if (!progress) return;
    std::size_t done = (prompts_read - running.size()) * options.max_tokens;
    for (const std::size_t i : running) done += results[i].ids.size();
    progress(done, prompts.size() * options.max_tokens);
  };

  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const std::span<const std::uint32_t> ids = prompts[i].ids;
    if (ids.empty()) throw usage_error("prompt {} is empty", i + 1);
    samplers.emplace_back(prompts[i].sampler, options.unusable_ids);
    histories.emplace_back(ids.begin(), ids.end());
    results[i].prompt_tokens = ids.size();
    std::span<const float> logits;
    for (std::size_t begin = 0; begin < ids.size(); begin += kMaxBatchTokens) {
      const SessionBatch::Input input{
          i, ids.subspan(begin, std::min(kMaxBatchTokens, ids.size() - begin))};
      logits = batch.advance({&input, 1});
    }
    if (choose(i, logits)) running.push_back(i);
    report(i + 1);
  }
  const double prompt_seconds = watch.seconds();

  while (!running.empty()) {
    std::vector<SessionBatch::Input> inputs;
    for (const std::size_t i : running) {
      inputs.push_back({i, std::span<const std::uint32_t>(histories[i]).last(1)});
      ++results[i].decoded_tokens;
    }
    const std::span<const float> logits = batch.advance(inputs);
    std::vector<char> goes_on(running.size());
    engine.pool().parallel_for(running.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k)
        goes_on[k] = choose(running[k], logits.subspan(k * vocab, vocab)) ? 1 : 0;
    });
    std::vector<std::size_t> still;
    for (std::size_t k = 0; k < running.size(); ++k) {
      if (goes_on[k] != 0) still.push_back(running[k]);
    }
    running = std::move(still);
    report(prompts.size());
  }
  for (GenerateResult& result : results) {
    result.prompt_seconds = prompt_seconds;
    result.decode_seconds = watch.seconds() - prompt_seconds;
  }
  return results;
}

}  // namespace cellm
