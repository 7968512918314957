// From a prompt to an answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/sampler.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

enum class StopReason {
  kEos,          // the model ended its answer
  kLength,       // max_tokens reached
  kContext,      // the session is full
  kInterrupted,  // the caller asked for it
};
std::string_view stop_reason_name(StopReason reason);

struct GenerateOptions {
  std::size_t max_tokens = 8;
  SamplerOptions sampler;
  std::vector<std::uint32_t> stop_ids;  // tokens that end the answer and are not part of it
  std::vector<std::uint32_t> unusable_ids;
};

struct GenerateResult {
  std::vector<std::uint32_t> ids;  // without the stop token
  StopReason reason = StopReason::kLength;
  std::size_t prompt_tokens = 0;
  std::size_t decoded_tokens = 0;  // forward passes of one token
  double prompt_seconds = 0.0;     // until the first token is known
  double decode_seconds = 0.0;     // the rest
};

// Feeds the prompt to the session and generates. on_token is called with each id as soon as it is
// known; interrupted is asked between batches of the prompt and between tokens. Throws what
// Session::advance() throws.
GenerateResult generate(Session& session, std::span<const std::uint32_t> prompt,
                        const GenerateOptions& options,
                        const std::function<void(std::uint32_t)>& on_token,
                        const std::function<bool()>& interrupted);

// All ids that end an answer of this model: eos of config.json and generation_config.json, and the
// tokenizer's <|im_end|>.
std::vector<std::uint32_t> end_of_answer_ids(const Engine& engine, const Tokenizer* tokenizer);

// Ids of the model's vocabulary that are no token of the tokenizer.
std::vector<std::uint32_t> unusable_ids(const Engine& engine, const Tokenizer& tokenizer);

}  // namespace cellm
