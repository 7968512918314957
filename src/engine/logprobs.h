// Log probabilities of tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cellm {

struct Logprob {
  std::uint32_t id;
  float logprob;  // ln p
};

// A token and the most probable ones in its place. Probabilities are the model's own, the softmax
// of its logits before any penalty, filter or temperature, as OpenAI and llama.cpp report them.
struct TokenLogprobs {
  Logprob chosen;
  std::vector<Logprob> top;  // most probable first, the lower id of equals
};

// logits: (vocab), finite. top: at most as many as there are tokens; `unusable` ids are not among
// them.
TokenLogprobs token_logprobs(std::span<const float> logits, std::uint32_t id, std::size_t top,
                             std::span<const std::uint32_t> unusable);

}  // namespace cellm
