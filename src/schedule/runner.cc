#include "schedule/runner.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/stopwatch.h"
#include "engine/sequence.h"
#include "schedule/error_of.h"

namespace cellm {
namespace {

// The weight of the latest slice in the mean time of a token.
constexpr double kLatestWeight = 0.3;

void interrupt(RequestState& request, std::size_t index, Generation& text) {
  text.end(StopReason::kInterrupted);
  request.push_end(index, text.result());
}

}  // namespace

Runner::Runner(const Engine& engine, const SchedulerOptions& options, std::uint64_t limit,
               std::unique_ptr<DiskCache> disk, std::function<void(const std::string&)> log)
    : engine_(engine),
      sequence_options_(options.sequence),
      lookup_(options.lookup),
      max_sequences_(options.max_sequences),
      context_(max_sequence_tokens(engine.config(), options.sequence)),
      reserved_answer_(options.reserved_answer),
      sizes_(engine.config(), options.sequence),
      log_(std::move(log)),
      ledger_(limit, sizes_.block_bytes),
      cache_(engine, options.sequence, ledger_, std::move(disk),
             options.cache_dir_bytes != 0 ? options.cache_dir_bytes : limit),
      batch_(engine) {}

std::size_t Runner::most_tokens(const CompletionRequest& request) const {
  const std::size_t room = context_ - request.prompt.size();
  return request.prompt.size() + std::min(request.options.max_tokens, room);
}

std::size_t Runner::reserved_tokens(const CompletionRequest& request) const {
  const std::size_t answer = most_tokens(request) - request.prompt.size();
  return request.prompt.size() + std::min(answer, reserved_answer_);
}

std::uint64_t Runner::fork_bytes(const CompletionRequest& request) const {
  if (request.answers == 1) return 0;
  const std::size_t tokens = request.prompt.size();
  return sizes_.own(tokens, sizes_.full_blocks_of(tokens));
}

std::uint64_t Runner::bytes_of(const CompletionRequest& request) const {
  return sizes_.own(reserved_tokens(request), 0) + fork_bytes(request);
}

bool Runner::step() {
  end_cancelled();
  begin_forks();
  Step step = plan();
  if (!step.inputs.empty()) run(step);
  take_cached(step);
  if (!step.inputs.empty() || !step.cached.empty()) return true;
  if (step.stalled == nullptr) return false;
  fail(State(step.stalled->request),
       Error(ErrorKind::kResources, "there is no memory for so long an answer beside others"));
  return true;
}

void Runner::run(Step& step) {
  const Stopwatch watch;
  std::span<const StepOutput> outputs;
  if (!forward(step, outputs)) return;
  std::size_t slice = 0;
  for (std::size_t i = step.answers.size(); i < step.inputs.size(); ++i) {
    slice += step.inputs[i].tokens.size();
  }
  take_answers(step, outputs);
  take_prompts(step, outputs);
  const double seconds = watch.seconds();
  if (slice == 0) {
    counters_.decode_seconds += seconds;
    return;
  }
  counters_.prompt_seconds += seconds;
  const double latest = seconds / static_cast<double>(slice);
  if (seconds_per_token_ == 0.0) seconds_per_token_ = latest;
  seconds_per_token_ += kLatestWeight * (latest - seconds_per_token_);
}

// Requests with a broken sequence after an exception fail.
bool Runner::forward(Step& step, std::span<const StepOutput>& outputs) {
  const Stopwatch watch;
  const auto error = error_of([&] { outputs = batch_.step(step.inputs); });
  step.seconds = watch.seconds();
  if (!error) return true;
  std::vector<State> requests;
  for (const Answer* answer : step.answers) requests.push_back(answer->request);
  for (const Prompt* prompt : step.prompts) requests.push_back(prompt->request);
  for (const State& request : requests) fail(request, *error);
  return false;
}

void Runner::end_cancelled() {
  const auto cancelled = [](const State& request) { return request->cancelled(); };
  for (Prompt& prompt : prompts_) {
    if (!cancelled(prompt.request)) continue;
    ++counters_.cancelled;
    batch_.remove(prompt.sequence);
    for (std::size_t i = 0; i < prompt.texts.size(); ++i) {
      interrupt(*prompt.request, i, prompt.texts[i]);
    }
  }
  std::erase_if(prompts_, [&](const Prompt& prompt) { return cancelled(prompt.request); });
  for (Fork& fork : forks_) {
    if (!cancelled(fork.request)) continue;
    interrupt(*fork.request, fork.index, fork.text);
    if (fork.request->ended()) ++counters_.cancelled;
  }
  std::erase_if(forks_, [&](const Fork& fork) { return cancelled(fork.request); });
  for (Answer& answer : answers_) {
    if (!cancelled(answer.request)) continue;
    interrupt(*answer.request, answer.index, answer.text);
    keep_answer(answer, {});
    if (answer.request->ended()) ++counters_.cancelled;
  }
  remove_ended();
}

void Runner::cancel_all() {
  for (const Prompt& prompt : prompts_) prompt.request->cancel();
  for (const Fork& fork : forks_) fork.request->cancel();
  for (const Answer& answer : answers_) answer.request->cancel();
  end_cancelled();
}

// Answers beside the first, in their order.
void Runner::begin_forks() {
  while (!forks_.empty() && places_free() != 0) {
    Fork& fork = forks_.front();
    const CompletionRequest& asked = fork.request->request();
    const std::size_t shared = sizes_.full_blocks_of(asked.prompt.size());
    const std::size_t reserved = reserved_tokens(asked);
    const std::uint64_t bytes = sizes_.own(reserved, shared);
    if (!cache_.make_room(bytes)) return;
    std::span<const float> logits;
    if (const auto error = error_of([&] { logits = batch_.project(fork.point->hidden); })) {
      fail(State(fork.request), *error);
      continue;
    }
    Lease lease(ledger_, bytes, MemoryUse::kSequence);
    lease.share(fork.point->snapshot.sequence(), shared, false);
    Answer answer{.request = fork.request,
                  .index = fork.index,
                  .text = std::move(fork.text),
                  .lease = std::move(lease),
                  .sequence = batch_.add(fork.point->snapshot),
                  .reserved = reserved};
    forks_.pop_front();
    begin_answer(std::move(answer), logits);
  }
}

std::size_t Runner::slice_tokens(std::size_t answers) const {
  const std::size_t room = std::min(kMaxSliceTokens, kMaxBatchTokens - answers);
  if (answers == 0 || seconds_per_token_ == 0.0) return room;
  const double tokens = std::min(kSliceSeconds / seconds_per_token_, static_cast<double>(room));
  return std::min(room, std::max(kMinSliceTokens, static_cast<std::size_t>(tokens)));
}

Runner::Step Runner::plan() {
  Step step;
  stalled_ = false;
  for (Answer& answer : answers_) {
    if (answer.request->paused()) continue;
    if (!reserve_next(answer)) {
      step.stalled = &answer;
      stalled_ = true;
      continue;
    }
    step.answers.push_back(&answer);
  }
  add_answers(step);
  std::size_t room = slice_tokens(step.answers.size());
  const std::vector<Prompt*> prompts = prompts_by_turn();
  for (Prompt* prompt : prompts) {
    if (!prompt->started && !waits(*prompt)) start(*prompt);
  }
  for (Prompt* prompt : prompts) {
    if (!prompt->started || room == 0) continue;
    const auto pending = prompt->pending();
    if (pending.empty()) {
      step.cached.push_back(prompt);
      continue;
    }
    const std::size_t to_stop = prompt->stops.front() - prompt->position();
    const auto slice = pending.first(std::min(to_stop, room));
    step.inputs.push_back(
        {prompt->sequence, slice, slice.size() == pending.size() ? std::size_t{1} : 0});
    step.prompts.push_back(prompt);
    turns_.serve(prompt->request->request().client);
    room -= slice.size();
  }
  turns_.keep([&](const std::string& client) {
    return std::ranges::any_of(
        prompts_, [&](const Prompt& prompt) { return prompt.request->request().client == client; });
  });
  return step;
}

void Runner::remove_ended() {
  std::erase_if(answers_, [&](const Answer& answer) {
    if (!answer.text.ended() && !answer.request->ended()) return false;
    batch_.remove(answer.sequence);
    return true;
  });
  std::erase_if(forks_, [](const Fork& fork) { return fork.request->ended(); });
}

void Runner::push_failure(RequestState& request, const Error& error) {
  CompletionEvent event{.kind = CompletionEvent::Kind::kFailed};
  event.error = error;
  request.push(std::move(event));
  ++counters_.failed;
}

void Runner::fail(const State& request, const Error& error) {
  if (!request->ended()) push_failure(*request, error);
  std::erase_if(prompts_, [&](const Prompt& prompt) {
    if (!prompt.request->ended()) return false;
    if (!prompt.done) batch_.remove(prompt.sequence);
    return true;
  });
  remove_ended();
}

void Runner::read_metrics(SchedulerMetrics& metrics) const {
  metrics.running = prompts_.size() + answers_.size();
  metrics.sequences_free = places_free();
  metrics.cache_bytes_used = ledger_.used();
  metrics.cache_bytes_limit = ledger_.limit();
  metrics.failed = counters_.failed;
  metrics.cancelled = counters_.cancelled;
  metrics.prompt_tokens = counters_.prompt_tokens;
  metrics.cached_tokens = counters_.cached_tokens;
  metrics.generated_tokens = counters_.generated_tokens;
  metrics.drafted_tokens = counters_.drafted_tokens;
  metrics.accepted_tokens = counters_.accepted_tokens;
  metrics.prompt_seconds = counters_.prompt_seconds;
  metrics.decode_seconds = counters_.decode_seconds;
  metrics.cache_misses = counters_.cache_misses;
  metrics.snapshots = cache_.snapshots();
  metrics.evictions = cache_.evictions();
  metrics.cache_dir_bytes_used = cache_.disk_bytes();
}

}  // namespace cellm
