// Choosing the next token from logits.
//
// The steps and their order are those of llama.cpp's default chain (common/common.h: penalties;
// dry; top_n_sigma; top_k; typ_p; top_p; min_p; xtc; temperature), behind the logit bias. So all
// filters see probabilities without the temperature.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "engine/sampler_filters.h"
#include "engine/sampler_penalties.h"

namespace cellm {

struct LogitBias {
  std::uint32_t id;
  float bias;  // added to the logit; −inf: the token is never chosen
};

struct SamplerOptions {
  float temperature = 0.8F;  // 0: greedy, the token with the largest logit (the lower id of equals)
  std::size_t top_k = 40;    // only the k most probable; 0: all
  float top_p = 1.0F;        // the fewest tokens whose probabilities reach it
  float min_p = 0.0F;        // only tokens at least this probable, relative to the best
  float repeat_penalty = 1.05F;  // divides positive and multiplies negative logits of recent tokens
  std::size_t repeat_window = 64;  // tokens that count as recent
  std::uint64_t seed = 0;
  float presence_penalty = 0.0F;   // subtracted from the logits of recent tokens
  float frequency_penalty = 0.0F;  // the same, for each occurrence
  float top_n_sigma = 0.0F;        // only logits within so many standard deviations; 0: all
  float typical_p = 1.0F;          // the most typical tokens whose probabilities reach it
  float xtc_probability = 0.0F;    // of leaving out the top choices
  float xtc_threshold = 0.1F;      // the probability of a top choice
  DryOptions dry = {};
  std::vector<LogitBias> logit_bias = {};
};

// Not thread-safe. The same options, logits and history give the same tokens on every machine.
// Greedy sampling obeys biases and penalties; filters change nothing there.
class Sampler {
 public:
  // `unusable` ids are never chosen (rows of the vocabulary without a token). `tokenizer`, for
  // DRY's sequence breakers, may be null and must outlive the sampler. Throws Error(kUsage) for
  // options out of range.
  Sampler(const SamplerOptions& options, std::vector<std::uint32_t> unusable,
          const Tokenizer* tokenizer = nullptr);

  // history: all tokens so far, the newest last; that of the last call with tokens behind it.
  // logits: (vocab), finite. `forbidden` ids are not chosen this time; of `allowed`, a bit for each
  // id, only those are, unless it is empty. Throws Error(kUsage) for a bias of a token beyond the
  // vocabulary, and if no token is left.
  std::uint32_t sample(std::span<const float> logits, std::span<const std::uint32_t> history,
                       std::span<const std::uint32_t> forbidden = {},
                       std::span<const std::uint64_t> allowed = {});

  // From now on DRY has the recommended options, whatever it had.
  void switch_on_dry();

 private:
  void change_logits(std::span<const std::uint32_t> history,
                     std::span<const std::uint32_t> forbidden);
  void keep_allowed(std::span<const std::uint64_t> allowed);
  std::uint32_t draw();
  double weight_of(const Candidate& candidate, float temperature);
  std::size_t count_possible();
  double random();
  const Candidate& ranked(std::size_t rank);

  SamplerOptions options_;
  std::vector<std::uint32_t> unusable_;
  const Tokenizer* tokenizer_;
  std::optional<DryPenalty> dry_;
  std::mt19937_64 random_;
  std::vector<float> logits_;
  std::vector<Candidate> candidates_;
  std::size_t ranked_ = 0;  // candidates at the front that are in order, and better than the rest
};

}  // namespace cellm
