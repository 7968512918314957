// Several sequences of one model at a time, for throughput: weights are read once for all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/engine.h"
#include "engine/generate.h"

namespace cellm {

// Sequences that run together. One that is not mentioned in a call stays as it is. Not thread-safe;
// the engine must outlive it. What a sequence gets is the same, bit by bit, as in a Session.
class SessionBatch {
 public:
  // `sequences`: at least one, at most kMaxBatchTokens.
  SessionBatch(const Engine& engine, const SessionOptions& options, std::size_t sequences);

  std::size_t position(std::size_t sequence) const { return states_[sequence].position; }
  std::size_t max_tokens() const { return max_tokens_; }  // that each of them can hold

  struct Input {
    std::size_t sequence;
    std::span<const std::uint32_t> tokens;  // at least one
  };

  // Appends tokens to different sequences, kMaxBatchTokens in all at most, and returns the logits
  // after the last token of each, (inputs, vocab_size); valid until the next call. Throws
  // Error(kUsage) as Session::advance(), before anything changes; Error(kData) for logits that are
  // not finite.
  std::span<const float> advance(std::span<const Input> inputs);

 private:
  const Engine& engine_;
  std::size_t max_tokens_;
  ActivationScratch scratch_;
  std::vector<SequenceState> states_;
  Workspace work_;
  std::vector<float> logits_;
};

// One text to write in a batch.
struct BatchPrompt {
  std::vector<std::uint32_t> ids;  // at least one
  SamplerOptions sampler;
};

// What generate() gives for each prompt alone (prompt_seconds and decode_seconds are those of the
// whole batch). options.sampler is not used. progress is called with tokens generated, of all
// prompts together, and how many there are at most; it may throw to break off. Throws
// Error(kUsage) for a prompt that is empty or does not fit, and for more than kMaxBatchTokens
// prompts.
std::vector<GenerateResult> generate_batch(
    const Engine& engine, const SessionOptions& session, std::span<const BatchPrompt> prompts,
    const GenerateOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& progress);

}  // namespace cellm
