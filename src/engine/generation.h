// The state machine of one text in generation: the tokens to feed next, the choice of the next
// token, and the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/stopwatch.h"
#include "engine/sampler.h"

namespace cellm {

enum class StopReason {
  kEos,          // the model ended its answer
  kLength,       // max_tokens reached
  kContext,      // the sequence is full
  kInterrupted,  // by the caller
};
std::string_view stop_reason_name(StopReason reason);

struct GenerateOptions {
  std::size_t max_tokens = 8;
  SamplerOptions sampler;
  std::vector<std::uint32_t> stop_ids;      // tokens that end the answer and are not part of it
  std::vector<std::uint32_t> unusable_ids;  // never generated (unusable_ids())
};

struct GenerateResult {
  std::vector<std::uint32_t> ids;  // without the stop token
  StopReason reason = StopReason::kLength;
  std::size_t prompt_tokens = 0;   // processed by the model
  std::size_t decoded_tokens = 0;  // forward passes of one generated token
  double prompt_seconds = 0.0;     // until the prompt was processed
  double decode_seconds = 0.0;     // after that
};

// Independent of the model: the caller feeds pending() to a sequence and passes the logits to
// choose(). Times are measured from construction. Not thread-safe.
class Generation {
 public:
  // prompt: at least one token, else Error(kUsage). Also throws what Sampler's constructor throws.
  Generation(std::span<const std::uint32_t> prompt, const GenerateOptions& options);

  bool ended() const { return ended_; }
  const GenerateResult& result() const { return result_; }

  // Tokens that the model has yet to read: the rest of the prompt, or the latest token. Not empty
  // before the end.
  std::span<const std::uint32_t> pending() const { return std::span(history_).subspan(read_); }
  // The model has read the first `count` of them.
  void read(std::size_t count);

  // Requires that nothing is pending. Chooses the next token from the logits after the latest one;
  // empty at the end of the answer. `room`: tokens that the sequence can still take.
  std::optional<std::uint32_t> choose(std::span<const float> logits, std::size_t room);

  void end(StopReason reason);

 private:
  std::size_t max_tokens_;
  std::vector<std::uint32_t> stop_ids_;
  Sampler sampler_;
  std::vector<std::uint32_t> history_;  // the prompt, then what was generated
  std::size_t prompt_size_;
  std::size_t read_ = 0;
  bool ended_ = false;
  GenerateResult result_;
  Stopwatch watch_;
};

}  // namespace cellm
