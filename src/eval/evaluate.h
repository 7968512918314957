// Perplexity of a model on text, and how far it is from a reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "eval/bootstrap.h"
#include "eval/text.h"

namespace cellm {

// Which predictions of a window count.
enum class ScoredPart {
  kSecondHalf,  // positions window/2 … window−2, as llama-perplexity has it: each has half a window
                // before it
  kAll,  // all window−1, as in the papers on GPTQ
};

struct EvalOptions {
  std::size_t window = 512;  // tokens; windows do not overlap, what remains of a text is left out
  ScoredPart scored = ScoredPart::kSecondHalf;
  std::size_t max_tokens = 0;  // 0: all. Else whole windows that hold at most so many tokens, taken
                               // from the texts in turn: the first window of each, then the second
  std::size_t resamples = 2000;  // for the intervals
  std::uint64_t seed = 1;
};

// A model to measure, as it is used: its engine's activations and this cache.
struct EvalSubject {
  const Engine* engine = nullptr;
  KvEncoding kv_encoding = KvEncoding::kF16;
};

// What was drawn for the intervals: whole texts if there are many, else windows, which overlook
// that windows of one text are alike.
enum class ResampledUnit { kTexts, kWindows };
inline constexpr std::size_t kFewestTextsToResample = kFewestUnits;

// Against a reference: token by token over the same predictions. Natural logarithms.
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
  Estimate delta_p_mean;  // p − p_ref of the token that came
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

// Called with tokens done and in all, those of each subject and of the reference counted; may throw
// to break off.
using EvalProgress = std::function<void(std::size_t done, std::size_t total)>;

// Runs all subjects, and the reference if there is one, over the same windows side by side, so that
// no logits are kept and the reference runs once. The reference runs with an exact cache; its
// engine should be made with Activations::kF32. Each window starts anew, with the tokenizer's
// begin-of-text tokens, the same for all texts, in place of its first ones. Throws Error(kUsage)
// for a window that is too small or beyond a context, a text shorter than a window, max_tokens
// below a window, or a reference of another vocabulary; and what Session::feed() and
// Session::logits() throw. Results do not depend on the number of threads.
std::vector<Evaluation> evaluate(std::span<const EvalSubject> subjects, const Engine* reference,
                                 std::span<const EvalTokens> texts, const EvalOptions& options,
                                 const EvalProgress& progress);

}  // namespace cellm
