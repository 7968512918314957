#include "engine/batch.h"

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "base/finite.h"
#include "ops/linear.h"

namespace cellm {
namespace {

// Never reused, so that the id of a removed sequence or of another batch is detected.
SequenceId next_id() {
  static std::atomic<std::uint64_t> next{1};
  return SequenceId{next.fetch_add(1, std::memory_order_relaxed)};
}

// Allocates what `tokens` more tokens need, so that a step that runs out of memory does so before
// it starts.
void reserve(SequenceState& state, std::size_t tokens) {
  for (LayerState& layer : state.layers) {
    if (auto* cache = std::get_if<KvCache>(&layer)) {
      cache->reserve(state.position, tokens);
    } else {
      std::get<CopyOnWrite<DeltaNetState>>(layer).write();
    }
  }
}

std::size_t wanted_rows(const StepInput& input) {
  return std::min(input.logits, input.tokens.size());
}

}  // namespace

Snapshot truncated(const Snapshot& snapshot, std::size_t tokens) {
  CELLM_CHECK(can_truncate(snapshot.engine().config()) && tokens <= snapshot.position());
  const auto ids = snapshot.tokens().first(tokens);
  Sequence sequence{snapshot.options(), {ids.begin(), ids.end()}, snapshot.sequence().state};
  sequence.state.position = tokens;
  for (LayerState& layer : sequence.state.layers) std::get<KvCache>(layer).truncate(tokens);
  return {snapshot.engine(), std::move(sequence)};
}

StepOutput::StepOutput(const Engine& engine, std::span<const float> hidden,
                       std::span<const float> logits)
    : engine_(&engine), hidden_(hidden), logits_(logits), finite_(all_finite(logits)) {}

std::span<const float> StepOutput::logits() const {
  if (!finite_) throw_nonfinite(*engine_);
  return logits_;
}

std::span<const float> StepOutput::logits(std::size_t row) const {
  const std::size_t vocab = engine_->config().vocab_size;
  const std::span<const float> one = logits_.subspan(row * vocab, vocab);
  if (!finite_ && !all_finite(one)) throw_nonfinite(*engine_);
  return one;
}

Batch::Batch(const Engine& engine) : engine_(engine), work_(engine.config()) {}

SequenceId Batch::insert(CopyOnWrite<Sequence> sequence) {
  const std::size_t max_tokens = max_sequence_tokens(engine_.config(), sequence.read().options);
  const SequenceId id = next_id();
  sequences_.emplace(id, Entry{std::move(sequence), max_tokens});
  return id;
}

SequenceId Batch::add(const SequenceOptions& options) {
  return insert(CopyOnWrite(empty_sequence(engine_.config(), options)));
}

SequenceId Batch::add(const Snapshot& snapshot) {
  if (snapshot.engine_ != &engine_) {
    throw usage_error("the snapshot belongs to another opened model");
  }
  return insert(snapshot.sequence_);
}

SequenceId Batch::fork(SequenceId id) {
  return insert(settled(id));
}

Snapshot Batch::snapshot(SequenceId id) const {
  return {engine_, settled(id)};
}

void Batch::remove(SequenceId id) {
  if (sequences_.erase(id) == 0) {
    throw usage_error("sequence {} is not in this batch", static_cast<std::uint64_t>(id));
  }
}

const Batch::Entry& Batch::entry(SequenceId id) const {
  const auto found = sequences_.find(id);
  if (found == sequences_.end()) {
    throw usage_error("sequence {} is not in this batch", static_cast<std::uint64_t>(id));
  }
  if (!found->second.intact) {
    throw usage_error("sequence {} was broken off by an error", static_cast<std::uint64_t>(id));
  }
  return found->second;
}

// The sequence, of which nothing is tentative.
const CopyOnWrite<Sequence>& Batch::settled(SequenceId id) const {
  const Entry& one = entry(id);
  CELLM_CHECK(one.tentative_tokens == 0);
  return one.sequence;
}

std::span<const std::uint32_t> Batch::tokens(SequenceId id) const {
  return entry(id).sequence.read().tokens;
}

std::size_t Batch::max_tokens(SequenceId id) const {
  return entry(id).max_tokens;
}

const SequenceOptions& Batch::options(SequenceId id) const {
  return entry(id).sequence.read().options;
}

std::vector<Batch::Entry*> Batch::check(std::span<const StepInput> inputs) {
  if (inputs.empty()) throw usage_error("a step without inputs");
  std::vector<Entry*> entries;
  std::size_t tokens = 0;
  for (const StepInput& input : inputs.first(std::min(inputs.size(), kMaxBatchTokens + 1))) {
    Entry& one = entry(input.sequence);
    if (std::find(entries.begin(), entries.end(), &one) != entries.end()) {
      throw usage_error("sequence {} comes twice in a step",
                        static_cast<std::uint64_t>(input.sequence));
    }
    if (input.tokens.empty()) {
      throw usage_error("no tokens for sequence {}", static_cast<std::uint64_t>(input.sequence));
    }
    CELLM_CHECK(one.tentative_tokens == 0);
    CELLM_CHECK(!input.tentative || input.tokens.size() <= max_tentative(input.sequence));
    require_fit(engine_.config(), input.tokens, position(input.sequence), one.max_tokens);
    entries.push_back(&one);
    tokens += input.tokens.size();
  }
  if (tokens > kMaxBatchTokens) {
    throw usage_error("{} tokens in a step; at most {} fit", tokens, kMaxBatchTokens);
  }
  return entries;
}

std::span<const StepOutput> Batch::step(std::span<const StepInput> inputs) {
  const std::vector<Entry*> entries = check(inputs);
  outputs_.clear();
  std::vector<Part> parts;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    entries[i]->intact = false;
    Sequence& sequence = entries[i]->sequence.write();
    sequence.tokens.insert(sequence.tokens.end(), inputs[i].tokens.begin(), inputs[i].tokens.end());
    reserve(sequence.state, inputs[i].tokens.size());
    TentativeTokens* tentative = nullptr;
    if (inputs[i].tentative) {
      tentative = &entries[i]->tentative;
      tentative->conv_inputs.resize(engine_.config().layers.size());
    }
    parts.push_back({inputs[i].tokens, &sequence.state, tentative});
  }
  forward(compute(), engine_.model(), parts, work_);
  make_outputs(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].tentative) entries[i]->tentative_tokens = inputs[i].tokens.size();
    entries[i]->intact = true;
  }
  return outputs_;
}

std::size_t Batch::max_tentative(SequenceId id) const {
  return cellm::max_tentative(engine_.config(), position(id));
}

void Batch::keep(SequenceId id, std::size_t tokens) {
  Entry& one = entry(id);
  const std::size_t tentative = std::exchange(one.tentative_tokens, 0);
  CELLM_CHECK(tokens <= tentative);
  Sequence& sequence = one.sequence.write();
  one.intact = false;
  keep_tokens(compute(), engine_.config(), tentative, tokens, one.tentative, sequence.state);
  sequence.tokens.resize(sequence.tokens.size() - (tentative - tokens));
  one.intact = true;
}

// All wanted logits in one product.
void Batch::make_outputs(std::span<const StepInput> inputs) {
  const std::size_t hidden = engine_.config().hidden;
  const std::size_t vocab = engine_.config().vocab_size;
  wanted_.clear();
  std::size_t rows = 0;
  std::size_t end = 0;
  for (const StepInput& input : inputs) {
    const std::size_t wanted = wanted_rows(input);
    end += input.tokens.size();
    const float* first = work_.hidden.data() + (end - wanted) * hidden;
    wanted_.insert(wanted_.end(), first, first + wanted * hidden);
    rows += wanted;
  }
  if (logits_.size() < rows * vocab) logits_.resize(rows * vocab);
  if (rows != 0) {
    apply(compute(), engine_.model().lm_head, wanted_.data(), rows, logits_.data());
  }
  const float* logits = logits_.data();
  const float* states = work_.hidden.data();
  for (const StepInput& input : inputs) {
    const std::size_t state_count = input.tokens.size() * hidden;
    const std::size_t logit_count = wanted_rows(input) * vocab;
    outputs_.emplace_back(engine_, std::span(states, state_count), std::span(logits, logit_count));
    states += state_count;
    logits += logit_count;
  }
}

std::span<const float> Batch::project(std::span<const float> hidden) {
  const ModelConfig& config = engine_.config();
  const std::size_t rows = hidden.size() / config.hidden;
  CELLM_CHECK(rows >= 1 && rows <= kMaxLogitRows && rows * config.hidden == hidden.size());
  const std::size_t count = rows * config.vocab_size;
  if (projected_.size() < count) projected_.resize(count);
  apply(compute(), engine_.model().lm_head, hidden.data(), rows, projected_.data());
  const std::span<const float> result(projected_.data(), count);
  if (!all_finite(result)) throw_nonfinite(engine_);
  return result;
}

}  // namespace cellm
