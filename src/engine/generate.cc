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

// One text and its session.
class SessionText {
 public:
  SessionText(Session& session, std::span<const std::uint32_t> prompt,
              const GenerateOptions& options, const OnToken& on_token,
              const std::function<bool()>& interrupted)
      : session_(session),
        text_(prompt, options, session.tokens()),
        on_token_(on_token),
        interrupted_(interrupted) {
    session.require_fit(prompt);
  }

  GenerateResult run() {
    stop_ = interrupted_();
    read_prompt();
    while (!stop_ && !text_.ended()) {
      const auto seconds = plain_.seconds(1);
      const std::size_t room = std::min(session_.max_tentative(), this->room());
      const auto input = text_.pending_with_draft(room, seconds);
      if (input.size() == 1) {
        step(input);
      } else {
        step_with_draft(input, seconds);
      }
    }
    if (stop_) text_.end(StopReason::kInterrupted);
    return text_.result();
  }

 private:
  std::size_t room() const { return session_.max_tokens() - session_.position(); }

  // Up to the first token that is chosen.
  void read_prompt() {
    const std::size_t size = text_.pending().size();
    for (std::size_t read = 0; read < size && !stop_;) {
      const auto chunk = text_.pending().first(std::min(size - read, kMaxBatchTokens));
      read += chunk.size();
      if (read == size) {
        choose(session_.advance(chunk), chunk.size());
      } else {
        session_.feed(chunk);
        text_.read(chunk.size());
        stop_ = interrupted_();
      }
    }
  }

  void step(std::span<const std::uint32_t> input) {
    const Stopwatch watch;
    const auto logits = session_.advance(input);
    plain_.add(1, watch.seconds());
    choose(logits, 1);
  }

  // By the logits after the latest `tokens` tokens.
  void choose(std::span<const float> logits, std::size_t tokens) {
    text_.read(tokens);
    if (const auto id = text_.choose(logits, room())) go_on(*id);
  }

  bool go_on(std::uint32_t id) {
    on_token_(id, text_.latest_text());
    stop_ = interrupted_();
    return !stop_;
  }

  void step_with_draft(std::span<const std::uint32_t> input, std::optional<double> plain_seconds) {
    const std::size_t room = this->room();
    const Stopwatch watch;
    const StepOutput& output = session_.advance_tentatively(input);
    const double seconds = watch.seconds();
    std::size_t kept = 0;
    try {
      choose_along(text_, input, output, room, kept, [&](std::uint32_t id) { return go_on(id); });
    } catch (...) {
      session_.keep(kept);
      throw;
    }
    session_.keep(kept);
    text_.judge_draft(kept, seconds, plain_seconds);
    plain_.add_drafted(1);
  }

  Session& session_;
  Generation text_;
  const OnToken& on_token_;
  const std::function<bool()>& interrupted_;
  PlainSteps plain_;
  bool stop_ = false;
};

}  // namespace

GenerateResult generate(Session& session, std::span<const std::uint32_t> prompt,
                        const GenerateOptions& options, const OnToken& on_token,
                        const std::function<bool()>& interrupted) {
  return SessionText(session, prompt, options, on_token, interrupted).run();
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
