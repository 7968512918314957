// Penalties of a sampler: changes of logits by what the text already has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/string_matcher.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

struct RecencyPenalties {
  float repeat = 1.0F;     // divides a positive and multiplies a negative logit
  float presence = 0.0F;   // subtracted once
  float frequency = 0.0F;  // subtracted for each occurrence
};

// Applies the penalties, in their order, to each token that occurs among `recent`, as llama.cpp's
// "penalties". Each of `recent` is below the number of logits.
void penalize_recent(std::span<float> logits, std::span<const std::uint32_t> recent,
                     const RecencyPenalties& penalties);

// DRY, "don't repeat yourself", as llama.cpp's "dry": a token that would continue a repetition of n
// tokens, n ≥ allowed_length, is penalized by multiplier · base^(n − allowed_length). A repetition
// is a span at the end of the text that also occurs before; it does not reach across a sequence
// breaker, and a token whose text has a breaker is not penalized. The defaults of base, allowed
// length and breakers are llama.cpp's.
struct DryOptions {
  float multiplier = 0.0F;  // 0: off
  float base = 1.75F;
  std::size_t allowed_length = 2;
  std::size_t window = 0;  // latest tokens in which repetitions are looked for; 0: the whole text
  std::vector<std::string> breakers = {"\n", ":", "\"", "*"};  // without a tokenizer there are none
};
// The value that DRY's author recommends.
inline constexpr float kRecommendedDryMultiplier = 0.8F;

struct DryRepeat {
  std::uint32_t id;
  std::size_t length;
};

// Each token that would continue a repetition of at least `allowed_length` (≥ 1) tokens, once, with
// the longest such length, but at most `limit`. In order of the ids. Takes time linear in the text,
// and sorts what it finds.
std::vector<DryRepeat> find_repeats(std::span<const std::uint32_t> text, std::size_t allowed_length,
                                    std::size_t limit);

// DRY on one text that grows. Not thread-safe.
class DryPenalty {
 public:
  // `tokenizer` may be null; it must outlive this. Throws Error(kUsage) for options out of range.
  DryPenalty(DryOptions options, const Tokenizer* tokenizer);

  // text: that of the last call, with tokens behind it.
  void apply(std::span<float> logits, std::span<const std::uint32_t> text);

 private:
  bool breaks(std::uint32_t id) const;
  void read(std::span<const std::uint32_t> text);

  DryOptions options_;
  const Tokenizer* tokenizer_;
  std::vector<StringMatcher> breakers_;
  std::size_t read_ = 0;         // tokens of the text
  std::size_t after_break_ = 0;  // of these, tokens up to the end of the latest breaker
};

}  // namespace cellm
