// How a model speaks: texts that it writes by itself, and what its teacher thinks of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/generate.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

enum class PromptKind {
  kText,  // a text to go on with
  kChat,  // a user's message, in the model's chat format; a text if it has none
};

struct CoherencePrompt {
  PromptKind kind;
  std::string_view text;
};

// Twenty prompts; the first kShownPrompts are those of the original study, in its order.
std::span<const CoherencePrompt> coherence_prompts();
inline constexpr std::size_t kShownPrompts = 3;

// Different spans of n tokens among all spans of n tokens; 1 if there is none.
double distinct_spans(std::span<const std::uint32_t> ids, std::size_t n);

// Tokens of the longest span that stands twice in the text without overlapping itself.
std::size_t longest_repeat(std::span<const std::uint32_t> ids);

// A stretch loops if it says the same span at least three times in a row and is at least 16 tokens
// long: shorter ones ("ha ha ha", a ruled line) are things that people write.
inline constexpr std::size_t kLoopRepeats = 3;
inline constexpr std::size_t kLoopTokens = 16;
bool loops(std::span<const std::uint32_t> ids);

// Whether the text of the ids is none: bytes that are no UTF-8 (a character cut off by the end is
// none of them), U+FFFD, control characters other than tab and line breaks, or control tokens.
bool holds_invalid_text(const Tokenizer& tokenizer, std::span<const std::uint32_t> ids);

struct CoherenceSample {
  std::size_t prompt = 0;  // index in coherence_prompts()
  bool sampled = false;    // else greedy
  std::vector<std::uint32_t> ids;
  std::string text;
  StopReason stop = StopReason::kLength;
  double nll = 0.0;  // −ln p of the ids by the teacher, summed
  double distinct3 = 1.0;
  std::size_t repeat = 0;
  bool looping = false;
  bool invalid = false;
};

// Over the texts of one kind. NaN in nll if no text has a token.
struct CoherenceSummary {
  std::size_t texts = 0;
  std::size_t tokens = 0;
  double nll = 0.0;             // the teacher's, nats for a token
  double distinct3 = 0.0;       // mean of the texts
  double longest_repeat = 0.0;  // mean of the texts, tokens
  double looping = 0.0;         // share of the texts
  double invalid = 0.0;         // share of the texts
  double bad = 0.0;             // share of the texts that loop or are invalid
};

struct Coherence {
  CoherenceSummary greedy;
  CoherenceSummary sampled;
  std::vector<CoherenceSample> samples;  // greedy ones, then sampled ones, each in prompt order
};

struct CoherenceOptions {
  std::size_t tokens = 128;   // that a text has at most
  float temperature = 0.7F;   // of the sampled texts; all tokens may be drawn, no penalty
  std::uint64_t seed = 1000;  // of the first prompt, the next one more
  KvEncoding kv_encoding = KvEncoding::kF16;  // of the model; the teacher's is exact
};

// Lets the model write two texts for each prompt, all at once, and asks the teacher for their
// likelihood given the prompt. Both must have the tokenizer. progress is called with tokens done,
// of the model and the teacher, and the most there can be; it may throw to break off. The same
// options give the same texts on every number of threads.
Coherence measure_coherence(
    const Engine& model, const Engine& teacher, const Tokenizer& tokenizer,
    const CoherenceOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& progress);

CoherenceSummary summarize(std::span<const CoherenceSample> samples);

enum class Judgement { kExcellent, kGood, kDegraded, kIncoherent };
std::string_view judgement_name(Judgement judgement);

// What a word stands for, at most. A model gets the best word all of whose limits it keeps; one
// that keeps none is incoherent.
struct JudgementLimits {
  Judgement judgement;
  double kld;         // mean KL divergence from the 16-bit model, nats for a token
  double excess_nll;  // of the sampled texts: the teacher's nll, less its nll of its own texts
  double excess_bad;  // share of the sampled texts that loop or are invalid, less the teacher's
};
std::span<const JudgementLimits> judgement_limits();

// `own`: the texts of the teacher's weights themselves.
Judgement judge(double kld, const CoherenceSummary& sampled, const CoherenceSummary& own);

}  // namespace cellm
