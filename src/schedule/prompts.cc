// Prompts of a Runner: what of them is in the cache, and reading the rest.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "schedule/error_of.h"
#include "schedule/runner.h"

namespace cellm {

bool Runner::admit(const State& request) {
  const CompletionRequest& asked = request->request();
  if (places_free() == 0 || !forks_.empty() || stalled_) return false;
  Prompt prompt{.request = request, .lease = {}, .fork_lease = {}, .sequence = {}, .texts = {}};
  const std::uint64_t fork = fork_bytes(asked);
  if (!ledger_.could_fit(fork) || !cache_.make_room(fork)) return false;
  prompt.fork_lease = Lease(ledger_, fork, MemoryUse::kSequence);
  if (!resume(prompt)) return false;
  for (std::size_t i = 0; i < asked.answers; ++i) {
    GenerateOptions options = asked.options;
    options.sampler.seed += i;
    options.lookup = lookup_;
    prompt.texts.emplace_back(asked.prompt, options);
    prompt.texts.back().read(prompt.cached);
  }
  prompts_.push_back(std::move(prompt));
  return true;
}

// Gives a prompt that has no sequence, or one that has read nothing, a sequence that continues the
// longest prefix in the cache; false if there is no memory for it.
bool Runner::resume(Prompt& prompt) {
  const CompletionRequest& asked = prompt.asked();
  PrefixCache::Found found;
  if (prompt.reads_cache()) found = cache_.find(asked.prompt);
  prompt.matched = found.matched;
  prompt.miss = found.miss;
  if (prompt.sequence != SequenceId{} && found.position() <= prompt.cached) return true;
  const std::size_t shared = sizes_.full_blocks_of(found.position());
  const std::uint64_t own = sizes_.own(reserved_tokens(asked), shared);
  Lease lease(ledger_, 0, MemoryUse::kSequence);
  if (found.snapshot) lease.share(found.snapshot->sequence(), shared, false);
  if (prompt.sequence != SequenceId{}) {
    batch_.remove(prompt.sequence);
    prompt.lease = {};
  }
  if (!ledger_.could_fit(own) || !cache_.make_room(own)) return false;
  lease.add(own);
  prompt.lease = std::move(lease);
  prompt.sequence = found.snapshot ? batch_.add(*found.snapshot) : batch_.add(sequence_options_);
  prompt.cached = found.position();
  prompt.hidden = std::move(found.hidden);
  return true;
}

// Looks into the cache again, since what others read in the meantime may be there now.
void Runner::start(Prompt& prompt) {
  const CompletionRequest& asked = prompt.asked();
  const std::size_t before = prompt.cached;
  CELLM_CHECK(resume(prompt));  // takes no more memory than before
  for (Generation& text : prompt.texts) text.read(prompt.cached - before);
  prompt.started = true;
  cache_.tick();
  cache_.write_one(false);
  prompt.stops = {prompt.size()};
  if (asked.use_cache) {
    prompt.stops = cache_.stops(prompt.size(), asked.borders, prompt.cached, prompt.matched);
  }
  counters_.cached_tokens += prompt.cached;
  if (!asked.use_cache) prompt.miss = kMissOff;
  if (asked.prompt_logprobs) prompt.miss = kMissLogprobs;
  if (!prompt.miss.empty()) ++counters_.cache_misses[std::string(prompt.miss)];
  if (!log_) return;
  std::string line =
      fmt::format("prompt of {} tokens: {} from the cache", prompt.size(), prompt.cached);
  if (prompt.miss == kMissEdited || prompt.miss == kMissNoSnapshot || prompt.miss == kMissEvicted) {
    line += fmt::format("; {} at token {}", prompt.miss, prompt.matched);
  } else if (!prompt.miss.empty()) {
    line += fmt::format("; {}", prompt.miss);
  }
  log_(line);
}

// Whether a prompt is to wait since another one is about to read what both begin with.
bool Runner::waits(const Prompt& prompt) {
  if (!prompt.reads_cache()) return false;
  const auto& ids = prompt.asked().prompt;
  return std::ranges::any_of(prompts_, [&](Prompt& other) {
    if (!other.started || other.done || !other.asked().use_cache) return false;
    const auto differ = std::ranges::mismatch(ids, other.asked().prompt).in1;
    const auto common = static_cast<std::size_t>(differ - ids.begin());
    std::size_t best = 0;
    for (const std::size_t stop : other.stops) best = stop <= common ? stop : best;
    const std::size_t unit = common / kPrefixUnit * kPrefixUnit;
    if (unit > other.position() && unit >= best + kMinSnapshotGain) {
      other.stops.insert(std::ranges::lower_bound(other.stops, unit), unit);
      best = unit;
    }
    return best > other.position() && best >= prompt.cached + kMinSnapshotGain;
  });
}

// In the order of their clients' turns, and of one client the oldest first.
std::vector<Runner::Prompt*> Runner::prompts_by_turn() {
  std::vector<Prompt*> order;
  for (Prompt& prompt : prompts_) order.push_back(&prompt);
  std::ranges::stable_sort(order, {}, [&](const Prompt* prompt) {
    return turns_.last(prompt->request->request().client);
  });
  return order;
}

void Runner::take_prompts(const Step& step, std::span<const StepOutput> outputs) {
  for (std::size_t i = 0; i < step.prompts.size(); ++i) {
    Prompt& prompt = *step.prompts[i];
    const StepOutput& output = outputs[step.answers.size() + i];
    const std::size_t count = step.inputs[step.answers.size() + i].tokens.size();
    const std::size_t first = prompt.size() - prompt.pending().size();
    for (Generation& text : prompt.texts) text.read(count);
    counters_.prompt_tokens += count;
    const auto last = output.hidden().last(engine_.config().hidden);
    const auto error = error_of([&] {
      read_logprobs(prompt, first, output.hidden());
      keep_prefix(prompt, last);
      if (prompt.pending().empty()) finish_prompt(prompt, last, output.logits());
    });
    if (error) fail(State(prompt.request), *error);
  }
  std::erase_if(prompts_, [](const Prompt& prompt) { return prompt.done; });
}

// Of the tokens behind those from `first` on. hidden: (tokens, hidden)
void Runner::read_logprobs(Prompt& prompt, std::size_t first, std::span<const float> hidden) {
  const CompletionRequest& asked = prompt.request->request();
  if (!asked.prompt_logprobs) return;
  const std::size_t width = engine_.config().hidden;
  const std::size_t vocab = engine_.config().vocab_size;
  const std::size_t count = std::min(hidden.size() / width, prompt.size() - 1 - first);
  for (std::size_t begin = 0; begin < count; begin += kMaxLogitRows) {
    const std::size_t rows = std::min(kMaxLogitRows, count - begin);
    const auto logits = batch_.project(hidden.subspan(begin * width, rows * width));
    const std::size_t old = prompt.logprobs.size();
    prompt.logprobs.resize(old + rows);
    engine_.pool().parallel_for(rows, 1, [&](std::size_t from, std::size_t to) {
      for (std::size_t r = from; r < to; ++r) {
        prompt.logprobs[old + r] =
            token_logprobs(logits.subspan(r * vocab, vocab), asked.prompt[first + begin + r + 1],
                           *asked.prompt_logprobs, asked.options.unusable_ids);
      }
    });
  }
}

// At the end of a slice.
void Runner::keep_prefix(Prompt& prompt, std::span<const float> hidden) {
  if (prompt.position() != prompt.stops.front()) return;
  prompt.stops.erase(prompt.stops.begin());
  if (!prompt.asked().use_cache) return;
  cache_.keep(batch_.snapshot(prompt.sequence), hidden, prompt.lease);
}

// Prompts of which nothing is left to read.
void Runner::take_cached(const Step& step) {
  for (Prompt* prompt : step.cached) {
    const auto error =
        error_of([&] { finish_prompt(*prompt, prompt->hidden, batch_.project(prompt->hidden)); });
    if (error) fail(State(prompt->request), *error);
  }
  std::erase_if(prompts_, [](const Prompt& prompt) { return prompt.done; });
}

void Runner::finish_prompt(Prompt& prompt, std::span<const float> hidden,
                           std::span<const float> logits) {
  CompletionEvent event{.kind = CompletionEvent::Kind::kPromptRead};
  event.cached_tokens = prompt.cached;
  event.prompt_logprobs = std::move(prompt.logprobs);
  prompt.request->push(std::move(event));
  if (prompt.texts.size() > 1) {
    const Snapshot snapshot = batch_.snapshot(prompt.sequence);
    const std::size_t shared = sizes_.full_blocks_of(snapshot.position());
    prompt.lease.share(snapshot.sequence(), shared, true);
    prompt.fork_lease.share(snapshot.sequence(), shared, false);
    const auto point = std::make_shared<const ForkPoint>(ForkPoint{
        std::move(prompt.fork_lease), snapshot, std::vector<float>(hidden.begin(), hidden.end())});
    for (std::size_t i = 1; i < prompt.texts.size(); ++i) {
      forks_.push_back({prompt.request, i, std::move(prompt.texts[i]), point});
    }
  }
  prompt.done = true;
  begin_answer({.request = prompt.request,
                .index = 0,
                .text = std::move(prompt.texts.front()),
                .lease = std::move(prompt.lease),
                .sequence = prompt.sequence,
                .reserved = reserved_tokens(prompt.asked())},
               logits);
}

}  // namespace cellm
