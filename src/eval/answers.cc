#include "eval/answers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/stopwatch.h"
#include "chat/chat.h"
#include "engine/answer_ids.h"
#include "engine/generate.h"
#include "eval/json_lines.h"

namespace cellm {
namespace {

// Templates without this variable ignore it.
constexpr std::string_view kNoReasoning = R"({"enable_thinking": false})";

std::vector<std::uint32_t> prompt_ids(const Chat* chat, const Tokenizer& tokenizer,
                                      const std::string& question) {
  if (chat != nullptr) {
    const ChatMessage message{"user", question};
    ChatOptions options;
    options.variables = kNoReasoning;
    return chat->prompt(tokenizer, {&message, 1}, options);
  }
  std::vector<std::uint32_t> ids = tokenizer.bos_from_template();
  const auto encoded = tokenizer.encode(fmt::format("Question: {}\nAnswer:", question), false);
  ids.insert(ids.end(), encoded.begin(), encoded.end());
  return ids;
}

std::vector<BatchPrompt> prompts_of(const EvalSubject& subject, const Chat* chat,
                                    const Tokenizer& tokenizer,
                                    std::span<const Question> questions) {
  const ModelConfig& config = subject.engine->config();
  std::vector<BatchPrompt> prompts;
  for (const Question& question : questions) {
    BatchPrompt prompt;
    prompt.ids = prompt_ids(chat, tokenizer, question.question);
    if (prompt.ids.size() >= config.max_positions) {
      throw usage_error("{}: {} tokens leave no room for an answer in the context of {}",
                        question.where, prompt.ids.size(), config.max_positions);
    }
    prompt.sampler.temperature = 0.0F;
    prompt.sampler.repeat_penalty = 1.0F;
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

GenerateOptions generate_options(const Engine& engine, const Chat* chat, const Tokenizer& tokenizer,
                                 std::size_t tokens) {
  GenerateOptions options;
  options.max_tokens = tokens;
  options.stop_ids = end_of_answer_ids(engine, &tokenizer);
  options.unusable_ids = unusable_ids(engine, tokenizer);
  options.tokenizer = &tokenizer;
  options.on_loop = OnLoop::kStop;
  if (chat != nullptr) {
    options.thinking.emplace();
  } else {
    options.stop_strings = {"\n"};
  }
  return options;
}

Estimate share(std::span<const GivenAnswer> answers, bool GivenAnswer::*property,
               const EvalOptions& options) {
  std::vector<double> values;
  for (const GivenAnswer& answer : answers) values.push_back(answer.*property ? 1.0 : 0.0);
  return share_of_units(values, options.resamples, options.seed);
}

}  // namespace

AnswerEvaluation evaluate_answers(const EvalSubject& subject, const Tokenizer& tokenizer,
                                  std::span<const Question> questions, const AnswerOptions& answer,
                                  const EvalOptions& options, const EvalProgress& progress) {
  const Stopwatch watch;
  const Engine& engine = *subject.engine;
  const Chat* chat = engine.opened().chat();
  const auto prompts = prompts_of(subject, chat, tokenizer, questions);
  const auto generated = generate_batch(engine, {subject.kv_encoding, 16, 0}, prompts,
                                        generate_options(engine, chat, tokenizer, answer.tokens),
                                        progress, answer.together);
  AnswerEvaluation evaluation;
  std::vector<std::vector<std::uint32_t>> texts;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const GenerateResult& result = generated[i];
    GivenAnswer given;
    given.text = trimmed(chat != nullptr ? result.answer : result.text);
    given.tokens = result.ids.size();
    given.right = is_right(questions[i], given.text);
    given.looping = result.reason == StopReason::kLoop;
    given.whole = result.reason == StopReason::kEos || result.reason == StopReason::kStopString;
    evaluation.tokens += given.tokens;
    evaluation.answers.push_back(std::move(given));
    texts.push_back(result.ids);
  }
  evaluation.right = share(evaluation.answers, &GivenAnswer::right, options);
  evaluation.looping = share(evaluation.answers, &GivenAnswer::looping, options);
  evaluation.whole = share(evaluation.answers, &GivenAnswer::whole, options);
  for (std::size_t n = 1; n <= kDistinctLengths; ++n)
    evaluation.distinct[n - 1] = distinct_of_all(texts, n);
  evaluation.seconds = watch.seconds();
  return evaluation;
}

double distinct_of_all(std::span<const std::vector<std::uint32_t>> texts, std::size_t n) {
  std::set<std::vector<std::uint32_t>> different;
  std::size_t tokens = 0;
  for (const auto& text : texts) {
    tokens += text.size();
    for (std::size_t end = n; end <= text.size(); ++end) {
      const auto last = text.begin() + static_cast<std::ptrdiff_t>(end);
      different.emplace(last - static_cast<std::ptrdiff_t>(n), last);
    }
  }
  if (tokens == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(different.size()) / static_cast<double>(tokens);
}

Estimate right_of_reference(const std::vector<bool>& right, const std::vector<bool>& reference,
                            const EvalOptions& options) {
  CELLM_CHECK(right.size() == reference.size());
  std::vector<double> both;
  std::vector<double> known;
  for (std::size_t i = 0; i < right.size(); ++i) {
    known.push_back(reference[i] ? 1.0 : 0.0);
    both.push_back(reference[i] && right[i] ? 1.0 : 0.0);
  }
  return ratio_of_sums(both, known, options.resamples, options.seed);
}

std::vector<bool> right_answers(const AnswerEvaluation& evaluation) {
  std::vector<bool> right;
  for (const GivenAnswer& answer : evaluation.answers) right.push_back(answer.right);
  return right;
}

std::map<std::string, KindCount> count_kinds(std::span<const Question> questions,
                                             const AnswerEvaluation& evaluation) {
  std::map<std::string, KindCount> kinds;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    KindCount& kind = kinds[questions[i].kind];
    ++kind.questions;
    if (evaluation.answers[i].right) ++kind.right;
  }
  return kinds;
}

}  // namespace cellm
