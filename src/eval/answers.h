// Free-running quality: answers that a model generates greedily to questions with known answers.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/evaluate.h"
#include "eval/questions.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

struct AnswerOptions {
  std::size_t tokens = 128;  // of an answer, reasoning included, at most
  // Questions that are answered at the same time. The memory grows with it; results do not depend
  // on it.
  std::size_t together = 32;
};

struct GivenAnswer {
  std::string text;  // without reasoning and white space at both ends
  std::size_t tokens = 0;
  bool right = false;    // is_right()
  bool looping = false;  // the guard against loops ended it (engine/loop_guard.h)
  bool whole = false;    // the model ended it
};

inline constexpr std::size_t kDistinctLengths = 3;

struct AnswerEvaluation {
  std::vector<GivenAnswer> answers;  // one for each question
  std::size_t tokens = 0;            // of all answers
  Estimate right;                    // share of the answers, like the others
  Estimate looping;
  Estimate whole;
  // distinct-n of Li et al. 2016 (arXiv:1510.03055) for n = 1, 2, 3: the number of different spans
  // of n tokens in all answers divided by the number of tokens in them. NaN without a token. No
  // interval: a resample has answers several times, whose spans are not different ones.
  std::array<double, kDistinctLengths> distinct{};
  double seconds = 0.0;
};

// Asks each question by itself: as a message of the user in the model's chat format, with reasoning
// switched off if the template can do that; without such a format as "Question: ...\nAnswer:", and
// the answer ends with the line. Of EvalOptions, `resamples` and `seed` count: the intervals come
// from resampling questions. progress is called with the tokens done and their maximum. Throws
// Error(kUsage) for a question that does not fit into the context, and what Chat::prompt() throws.
// Results do not depend on the number of threads.
AnswerEvaluation evaluate_answers(const EvalSubject& subject, const Tokenizer& tokenizer,
                                  std::span<const Question> questions, const AnswerOptions& answer,
                                  const EvalOptions& options, const EvalProgress& progress);

// distinct-n of several texts.
double distinct_of_all(std::span<const std::vector<std::uint32_t>> texts, std::size_t n);

// The share of right answers to those questions that the reference answered right; right and
// reference have one value for each question. NaN if the reference answered none right.
Estimate right_of_reference(const std::vector<bool>& right, const std::vector<bool>& reference,
                            const EvalOptions& options);
std::vector<bool> right_answers(const AnswerEvaluation& evaluation);

// Right answers by kind of question.
struct KindCount {
  std::size_t questions = 0;
  std::size_t right = 0;
};
std::map<std::string, KindCount> count_kinds(std::span<const Question> questions,
                                             const AnswerEvaluation& evaluation);

}  // namespace cellm
