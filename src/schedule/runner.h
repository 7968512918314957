// The sequences that run: prompts that are being read and answers that are being written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/batch.h"
#include "engine/generation.h"
#include "schedule/memory.h"
#include "schedule/prefix_cache.h"
#include "schedule/request_state.h"
#include "schedule/scheduler.h"
#include "schedule/turns.h"

namespace cellm {

// The most tokens of prompts in one step.
inline constexpr std::size_t kMaxSliceTokens = 192;
// A step that delays answers takes as many tokens of prompts as are expected to be read in this
// time, but at least kMinSliceTokens.
inline constexpr double kSliceSeconds = 0.25;
inline constexpr std::size_t kMinSliceTokens = 16;

// An answer that is longer than foreseen gets memory for so many tokens at a time.
inline constexpr std::size_t kReserveStep = 256;

// Steps a batch: every step has one token of each answer, and behind them a slice of the prompts
// or, if there are none, drafts of what follows in the answers. Belongs to one thread.
class Runner {
 public:
  // `limit`: of memory. `disk` may be null, `log` empty.
  Runner(const Engine& engine, const SchedulerOptions& options, std::uint64_t limit,
         std::unique_ptr<DiskCache> disk, std::function<void(const std::string&)> log);

  // Begins to read a prompt, if there is a place and memory for it.
  bool admit(const std::shared_ptr<RequestState>& request);

  // Ends what was cancelled, lets answers begin that wait for a place, and makes a step; false if
  // there is nothing to do.
  bool step();
  void cancel_all();

  // Begins to write a snapshot to disk, if there is one to write and nothing else to do.
  void save_one() { cache_.write_one(true); }
  // Writes all that is worth it.
  void save_all() { cache_.flush(); }

  std::size_t places_free() const { return max_sequences_ - prompts_.size() - answers_.size(); }
  bool idle() const { return prompts_.empty() && answers_.empty() && forks_.empty(); }
  // Bytes that a request needs if it shares nothing.
  std::uint64_t bytes_of(const CompletionRequest& request) const;
  std::uint64_t limit() const { return ledger_.limit(); }

  // Sets what the runner knows of them.
  void read_metrics(SchedulerMetrics& metrics) const;

 private:
  using State = std::shared_ptr<RequestState>;

  // A prompt that is being read.
  struct Prompt {
    State request;
    Lease lease;
    Lease fork_lease;  // of the ForkPoint, if there are several answers
    SequenceId sequence;
    std::vector<Generation> texts;        // of each answer
    bool started = false;                 // a part of it was in a step
    std::size_t cached = 0;               // tokens
    std::vector<float> hidden = {};       // of the last token, if all are cached
    std::size_t matched = 0;              // PrefixCache::Found
    std::string_view miss = {};           // the same
    std::vector<std::size_t> stops = {};  // positions to come at which a step is to end
    std::vector<TokenLogprobs> logprobs = {};
    bool done = false;  // the first answer has its sequence

    std::span<const std::uint32_t> pending() const { return texts.front().pending(); }
    std::size_t size() const { return request->request().prompt.size(); }
    std::size_t position() const { return size() - pending().size(); }
    const CompletionRequest& asked() const { return request->request(); }
    bool reads_cache() const { return asked().use_cache && !asked().prompt_logprobs; }
  };
  // The end of a prompt, for answers that have not begun.
  struct ForkPoint {
    Lease lease;  // outlives the snapshot
    Snapshot snapshot;
    std::vector<float> hidden;  // of its last token, (hidden)
  };
  struct Fork {
    State request;
    std::size_t index;  // of the answer
    Generation text;
    std::shared_ptr<const ForkPoint> point;
  };
  struct Token {
    std::uint32_t id;
    std::string text;
    std::optional<TokenLogprobs> logprobs;
  };
  struct Answer {
    State request;
    std::size_t index;
    Generation text;
    Lease lease;
    SequenceId sequence;
    std::size_t reserved;             // tokens whose memory the lease has
    std::vector<Token> chosen = {};   // in the present step
    std::size_t kept = 0;             // of the input of the present step, tokens of the answer
    std::optional<Error> error = {};  // of the present step
  };
  struct Step {
    std::vector<StepInput> inputs;
    std::vector<Answer*> answers;  // of the first inputs
    std::vector<Prompt*> prompts;  // of the others
    std::vector<Prompt*> cached;   // without an input
    Answer* stalled = nullptr;     // the latest answer that waits for memory
    std::size_t drafted = 0;       // tokens
    double seconds = 0.0;          // of the forward pass
    // Of a step with so many answers and no drafts.
    std::optional<double> plain_seconds = {};
  };

  void end_cancelled();
  void begin_forks();
  Step plan();
  std::size_t slice_tokens(std::size_t answers) const;
  std::vector<Prompt*> prompts_by_turn();
  bool resume(Prompt& prompt);
  void start(Prompt& prompt);
  bool waits(const Prompt& prompt);
  void keep_prefix(Prompt& prompt, std::span<const float> hidden);
  void add_answers(Step& step);
  void run(Step& step);
  bool forward(Step& step, std::span<const StepOutput>& outputs);
  void take_answers(const Step& step, std::span<const StepOutput> outputs);
  void take_prompts(const Step& step, std::span<const StepOutput> outputs);
  void take_cached(const Step& step);
  void read_logprobs(Prompt& prompt, std::size_t first, std::span<const float> hidden);
  void finish_prompt(Prompt& prompt, std::span<const float> hidden, std::span<const float> logits);
  void begin_answer(Answer answer, std::span<const float> logits);
  static void add_token(Answer& answer, std::uint32_t id);
  void end_draft(const Step& step, std::size_t input);
  void report(Answer& answer);
  void keep_answer(Answer& answer, std::span<const float> hidden);
  void remove_ended();
  void push_failure(RequestState& request, const Error& error);
  void fail(const State& request, const Error& error);
  bool reserve_next(Answer& answer);
  std::size_t most_tokens(const CompletionRequest& request) const;
  std::size_t reserved_tokens(const CompletionRequest& request) const;
  std::uint64_t fork_bytes(const CompletionRequest& request) const;

  const Engine& engine_;
  SequenceOptions sequence_options_;
  LookupOptions lookup_;
  std::size_t max_sequences_;
  std::size_t context_;
  std::size_t reserved_answer_;
  StateSizes sizes_;
  std::function<void(const std::string&)> log_;
  MemoryLedger ledger_;
  PrefixCache cache_;
  Batch batch_;
  std::list<Prompt> prompts_;
  std::list<Fork> forks_;
  std::list<Answer> answers_;
  Turns turns_;
  bool stalled_ = false;            // an answer waits for memory
  double seconds_per_token_ = 0.0;  // of slices, lately
  PlainSteps plain_;
  SchedulerMetrics counters_;
};

}  // namespace cellm
