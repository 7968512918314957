#include "engine/generate.h"

#include <algorithm>

#include "base/error.h"

namespace cellm {
namespace {

// A text and its sequence in the batch.
struct Running {
  std::size_t prompt;  // its index
  SequenceId sequence;
  Generation text;
};

// Texts that run together in one batch. They join and leave between steps.
class Texts {
 public:
  Texts(const Engine& engine, const SequenceOptions& sequences,
        std::span<const BatchPrompt> prompts, const GenerateOptions& options, std::size_t together)
      : engine_(engine),
        prompts_(prompts),
        options_(options),
        together_(together),
        batch_(engine),
        empty_(batch_.snapshot(batch_.add(sequences))),
        results_(prompts.size()) {}

  std::vector<GenerateResult> run(
      const std::function<void(std::size_t done, std::size_t total)>& progress) {
    while (join()) {
      step();
      leave();
      if (progress) progress(tokens_done(), prompts_.size() * options_.max_tokens);
    }
    return std::move(results_);
  }

 private:
  // Lets prompts join as far as there is room; false if no text is left.
  bool join() {
    for (; running_.size() < together_ && next_ < prompts_.size(); ++next_) {
      GenerateOptions options = options_;
      options.sampler = prompts_[next_].sampler;
      running_.push_back({next_, batch_.add(empty_), Generation(prompts_[next_].ids, options)});
    }
    return !running_.empty();
  }

  // One token of every text that is past its prompt, then as much of the prompts as a step takes.
  // Texts are in the order of their prompts, so one that is past its prompt is never left out.
  void step() {
    std::vector<Running*> stepped;
    std::vector<StepInput> inputs;
    std::size_t room = kMaxBatchTokens;
    for (Running& one : running_) {
      const auto pending = one.text.pending();
      const std::size_t count = std::min(pending.size(), room);
      if (count == 0) break;
      const bool whole = count == pending.size();
      inputs.push_back({one.sequence, pending.first(count), whole ? std::size_t{1} : 0});
      stepped.push_back(&one);
      room -= count;
    }
    const std::span<const StepOutput> outputs = batch_.step(inputs);
    std::vector<std::span<const float>> logits;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      stepped[i]->text.read(inputs[i].tokens.size());
      logits.push_back(outputs[i].logits());
    }
    engine_.pool().parallel_for(stepped.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        Running& one = *stepped[i];
        if (logits[i].empty()) continue;
        one.text.choose(logits[i], batch_.max_tokens(one.sequence) - batch_.position(one.sequence));
      }
    });
  }

  void leave() {
    std::erase_if(running_, [&](Running& one) {
      if (!one.text.ended()) return false;
      batch_.remove(one.sequence);
      results_[one.prompt] = one.text.result();
      ++ended_;
      return true;
    });
  }

  std::size_t tokens_done() const {
    std::size_t done = ended_ * options_.max_tokens;
    for (const Running& one : running_) done += one.text.result().ids.size();
    return done;
  }

  const Engine& engine_;
  std::span<const BatchPrompt> prompts_;
  const GenerateOptions& options_;
  std::size_t together_;
  Batch batch_;
  Snapshot empty_;  // shared by all texts that have not begun
  std::vector<Running> running_;
  std::size_t next_ = 0;   // prompt to join
  std::size_t ended_ = 0;  // texts
  std::vector<GenerateResult> results_;
};

}  // namespace

GenerateResult generate(Session& session, std::span<const std::uint32_t> prompt,
                        const GenerateOptions& options, const OnToken& on_token,
                        const std::function<bool()>& interrupted) {
  Generation text(prompt, options, session.tokens());
  session.require_fit(prompt);
  bool stop = interrupted();
  while (!stop && !text.ended()) {
    const auto pending = text.pending();
    const auto chunk = pending.first(std::min(pending.size(), kMaxBatchTokens));
    if (chunk.size() < pending.size()) {
      session.feed(chunk);
      text.read(chunk.size());
    } else {
      const auto logits = session.advance(chunk);
      text.read(chunk.size());
      const auto id = text.choose(logits, session.max_tokens() - session.position());
      if (!id) break;
      on_token(*id, text.latest_text());
    }
    stop = interrupted();
  }
  if (stop) text.end(StopReason::kInterrupted);
  return text.result();
}

std::vector<GenerateResult> generate_batch(
    const Engine& engine, const SequenceOptions& sequences, std::span<const BatchPrompt> prompts,
    const GenerateOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& progress,
    std::size_t together) {
  CELLM_CHECK(together >= 1 && together <= kMaxBatchTokens);
  const std::size_t max_tokens = max_sequence_tokens(engine.config(), sequences);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    if (prompts[i].ids.empty()) throw usage_error("prompt {} is empty", i + 1);
    require_fit(engine.config(), prompts[i].ids, 0, max_tokens);
  }
  return Texts(engine, sequences, prompts, options, together).run(progress);
}

}  // namespace cellm
