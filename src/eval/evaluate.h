// Perplexity of a model on text, and its divergence from a reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/sequence.h"
#include "eval/bootstrap.h"
#include "eval/row_score.h"
#include "eval/text.h"

namespace cellm {

// The scored predictions of a window.
enum class ScoredPart {
  kSecondHalf,  // positions window/2 … window−2, as in llama-perplexity: each has half a window
                // before it
  kAll,         // all window−1, as in the papers on GPTQ
};

struct EvalOptions {
  std::size_t window = 512;  // tokens; windows do not overlap, the rest of a text is ignored
  ScoredPart scored = ScoredPart::kSecondHalf;
  std::size_t max_tokens = 0;  // 0: all. Else whole windows that hold at most so many tokens, taken
                               // from the texts in turn: the first window of each, then the second
  std::size_t resamples = 2000;  // for the intervals
  std::uint64_t seed = 1;
};

// A model to measure, with its engine's activations and this cache.
struct EvalSubject {
  const Engine* engine = nullptr;
  KvEncoding kv_encoding = KvEncoding::kF16;
};

// The units of resampling: whole texts if there are enough, else windows, which ignores that
// windows of one text are correlated.
enum class ResampledUnit { kTexts, kWindows };
inline constexpr std::size_t kFewestTextsToResample = kFewestUnits;

// Comparison with a reference, token by token over the same predictions. Natural logarithms.
struct Comparison {
  Estimate reference_perplexity;
  Estimate perplexity_ratio;
  Estimate ln_perplexity_ratio;
  Estimate kld_mean;  // KL(reference ‖ model)
  Estimate kld_median;
  Estimate kld_p90;
  Estimate kld_p99;
  Estimate kld_p999;
  double kld_max = 0.0;   // a resample cannot exceed it, so there is no interval
  Estimate top1;          // share of predictions with the same first choice
  Estimate delta_p_mean;  // p − p_ref of the actual token
  Estimate delta_p_rms;
};

struct TextEvaluation {
  std::string name;
  std::size_t windows = 0;
  std::size_t predictions = 0;
  double perplexity = 0.0;
  std::optional<double> kld_mean;
};

struct Evaluation {
  std::size_t windows = 0;
  std::size_t tokens = 0;       // in the windows
  std::size_t predictions = 0;  // that were scored
  Estimate perplexity;
  std::optional<Comparison> comparison;
  ResampledUnit unit = ResampledUnit::kWindows;
  std::size_t units = 0;
  std::vector<TextEvaluation> texts;
  double seconds = 0.0;  // of this subject alone
  double reference_seconds = 0.0;
};

// Called with the tokens done and their total, over all subjects and the reference; may throw to
// cancel.
using EvalProgress = std::function<void(std::size_t done, std::size_t total)>;

// Runs all subjects, and the reference if given, over the same windows side by side, so that no
// logits are stored and the reference runs once. The reference uses an exact cache; its engine
// should be made with Activations::kF32. Each window starts from an empty state, with the
// tokenizer's begin-of-text tokens (the same for all texts) in place of its first tokens. Throws
// Error(kUsage) for a window that is too small or longer than a context, a text shorter than a
// window, max_tokens below a window, or a reference with another vocabulary; and the errors of
// Session::feed() and Session::logits(). Results do not depend on the number of threads.
std::vector<Evaluation> evaluate(std::span<const EvalSubject> subjects, const Engine* reference,
                                 std::span<const EvalTokens> texts, const EvalOptions& options,
                                 const EvalProgress& progress);

// The same in parts, which may run in different processes.

// The scores of one subject's predictions, in the order of the windows, equally many for each.
using EvalScores = std::vector<RowScore>;

// Windows that evaluate() runs. They are in the order of their texts. Throws Error(kUsage) as
// evaluate().
std::size_t count_windows(std::span<const EvalTokens> texts, const EvalOptions& options);

// Scores the windows [first, first + count) for one subject. Throws as evaluate().
EvalScores score_windows(const EvalSubject& subject, const Engine* reference,
                         std::span<const EvalTokens> texts, const EvalOptions& options,
                         std::size_t first, std::size_t count, const EvalProgress& progress);

// The figures that evaluate() gives for these scores of all windows, bit by bit, except the times,
// which are 0. Throws Error(kData) for a number of scores that all windows cannot have.
Evaluation evaluation_of(const EvalScores& scores, std::span<const EvalTokens> texts,
                         const EvalOptions& options, bool has_reference);

}  // namespace cellm
