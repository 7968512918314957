// Sequences of one model that run together: a step reads the weights once for all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/copy_on_write.h"
#include "engine/engine.h"
#include "engine/sequence.h"
#include "model/batch.h"

namespace cellm {

// The state of a sequence at one point, as a value: immutable, cheap to copy and to hold, usable by
// any number of sequences in any batch of its engine and by several threads at a time. Cache blocks
// and recurrent states are shared with sequences until those write to them. The engine must outlive
// it.
class Snapshot {
 public:
  Snapshot(const Engine& engine, Sequence sequence)
      : engine_(&engine), sequence_(std::move(sequence)) {}

  const Engine& engine() const { return *engine_; }
  std::size_t position() const { return sequence_.read().tokens.size(); }  // tokens seen
  std::span<const std::uint32_t> tokens() const { return sequence_.read().tokens; }
  const SequenceOptions& options() const { return sequence_.read().options; }
  const Sequence& sequence() const { return sequence_.read(); }

 private:
  friend class Batch;
  Snapshot(const Engine& engine, CopyOnWrite<Sequence> sequence)
      : engine_(&engine), sequence_(std::move(sequence)) {}

  const Engine* engine_;
  CopyOnWrite<Sequence> sequence_;
};

// The state after the first `tokens` tokens of a snapshot, which shares its blocks. Only for models
// that can_truncate().
Snapshot truncated(const Snapshot& snapshot, std::size_t tokens);

// Identifies a sequence of a batch; unique in the process.
enum class SequenceId : std::uint64_t {};

inline constexpr std::size_t kAllLogits = std::numeric_limits<std::size_t>::max();

// Tokens for one sequence.
struct StepInput {
  SequenceId sequence;
  std::span<const std::uint32_t> tokens;  // at least one
  std::size_t logits = 1;  // number of last tokens whose logits are computed; kAllLogits: all
  // Batch::keep() decides how many of the tokens stay; at most Batch::max_tentative() tokens.
  bool tentative = false;
};

// Results for one input; valid until the next step.
class StepOutput {
 public:
  StepOutput(const Engine& engine, std::span<const float> hidden, std::span<const float> logits);

  // Final hidden states of all tokens of the input, normed: (tokens, hidden).
  std::span<const float> hidden() const { return hidden_; }
  // (StepInput::logits, vocab_size). Throws Error(kData) if they are not finite, naming the weight
  // that caused it, if any.
  std::span<const float> logits() const;
  // One row of them. Throws only if that row is not finite.
  std::span<const float> logits(std::size_t row) const;

 private:
  const Engine* engine_;
  std::span<const float> hidden_;
  std::span<const float> logits_;
  bool finite_;
};

// The most rows of logits of one Batch::project(): enough to use unpacked weights many times,
// few enough that they stay below 64 MB for a vocabulary of 248,320.
inline constexpr std::size_t kMaxLogitRows = 64;

// Sequences can be added and removed at any time, and each step takes tokens for any of them:
// chunks of a prompt for some and a single token for others. The results of a sequence are the
// same, bit by bit, in any company, with any division of its tokens into steps, on any number of
// threads, and whether or not tokens were taken back before. A step leaves other sequences
// unchanged. Not thread-safe; the engine must outlive it.
//
// Functions throw Error(kUsage) for an id that is not in the batch.
class Batch {
 public:
  explicit Batch(const Engine& engine);
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  Batch(Batch&&) = default;
  Batch& operator=(Batch&&) = delete;
  ~Batch() = default;

  SequenceId add(const SequenceOptions& options);
  // Continues from a snapshot, with its options. Throws Error(kUsage) for one of another engine.
  SequenceId add(const Snapshot& snapshot);
  SequenceId fork(SequenceId id);
  Snapshot snapshot(SequenceId id) const;
  void remove(SequenceId id);

  std::size_t size() const { return sequences_.size(); }  // sequences
  std::span<const std::uint32_t> tokens(SequenceId id) const;
  std::size_t position(SequenceId id) const { return tokens(id).size(); }
  std::size_t max_tokens(SequenceId id) const;  // that the sequence can hold
  const SequenceOptions& options(SequenceId id) const;

  // Appends tokens to different sequences, kMaxBatchTokens in all at most. The outputs are in the
  // order of the inputs and valid until the next step.
  // Throws Error(kUsage), before anything changes, for no inputs, an input without tokens, a
  // sequence that occurs twice, an id beyond the vocabulary, or more tokens than fit into a
  // sequence or a step. After any other exception (memory) the sequences of the inputs can only be
  // removed.
  std::span<const StepOutput> step(std::span<const StepInput> inputs);

  // Tokens that a tentative input of the sequence can have, at least one: no delta net goes back
  // beyond the latest multiple of kDeltaChunk tokens.
  std::size_t max_tentative(SequenceId id) const;
  // Takes back all tokens of the tentative input of the latest step but the first `tokens` of them,
  // which leaves the sequence as after a step of those alone. Must be called before anything else
  // is done with the sequence except removing it.
  void keep(SequenceId id, std::size_t tokens);

  // Logits of hidden states, such as those of a step, in one product: (rows, vocab_size), with 1 to
  // kMaxLogitRows rows; valid until the next call. Throws Error(kData) as StepOutput::logits().
  std::span<const float> project(std::span<const float> hidden);

 private:
  struct Entry {
    CopyOnWrite<Sequence> sequence;
    std::size_t max_tokens;
    bool intact = true;                // false after a failed step
    std::size_t tentative_tokens = 0;  // keep() is to come
    TentativeTokens tentative = {};
  };

  SequenceId insert(CopyOnWrite<Sequence> sequence);
  const Entry& entry(SequenceId id) const;
  Entry& entry(SequenceId id) { return const_cast<Entry&>(std::as_const(*this).entry(id)); }
  std::vector<Entry*> check(std::span<const StepInput> inputs);
  const CopyOnWrite<Sequence>& settled(SequenceId id) const;
  void make_outputs(std::span<const StepInput> inputs);
  Compute compute() { return {engine_.kernels(), engine_.pool(), scratch_}; }

  const Engine& engine_;
  std::map<SequenceId, Entry> sequences_;
  ActivationScratch scratch_;
  Workspace work_;
  std::vector<StepOutput> outputs_;
  std::vector<float> wanted_;     // hidden states to project, without gaps
  std::vector<float> logits_;     // of outputs_
  std::vector<float> projected_;  // of project()
};

}  // namespace cellm
