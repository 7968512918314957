// Choosing the next token from logits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace cellm {

struct SamplerOptions {
  float temperature = 0.8F;  // 0: greedy, the token with the largest logit (the lower id of equals)
  std::size_t top_k = 40;    // only the k most probable; 0: all
  float top_p = 1.0F;        // the fewest tokens whose probabilities reach it
  float min_p = 0.0F;        // only tokens at least this probable, relative to the best
  float repeat_penalty = 1.05F;  // divides positive and multiplies negative logits of recent tokens
  std::size_t repeat_window = 64;  // tokens that count as recent
  std::uint64_t seed = 0;
};

// Not thread-safe. The same options, logits and history give the same tokens on every machine.
class Sampler {
 public:
  // `unusable` ids are never chosen (rows of the vocabulary without a token).
  Sampler(const SamplerOptions& options, std::vector<std::uint32_t> unusable);

  // history: all tokens so far, the newest last. logits: (vocab), finite.
  std::uint32_t sample(std::span<const float> logits, std::span<const std::uint32_t> history);

 private:
  struct Candidate {
    float logit;
    std::uint32_t id;
  };
  std::uint32_t draw();
  void keep_best();
  const Candidate& ranked(std::size_t rank);

  SamplerOptions options_;
  std::vector<std::uint32_t> unusable_;
  std::mt19937_64 random_;
  std::vector<float> logits_;
  std::vector<Candidate> candidates_;
  std::size_t ranked_ = 0;  // candidates at the front that are in order, and better than the rest
};

}  // namespace cellm
