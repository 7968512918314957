#include "eval/evaluate.h"

#include <algorithm>
#include <array>
#include <deque>

#include "base/error.h"
#include "base/stopwatch.h"
#include "engine/session.h"
#include "eval/row_score.h"
#include "eval/summary.h"

namespace cellm {
namespace {

// The scored positions of a window: [first, window − 1).
std::size_t first_scored(const EvalOptions& options, std::size_t begin_tokens) {
  const std::size_t first = options.scored == ScoredPart::kAll ? 0 : options.window / 2;
  // Tokens from the template are given, not predicted.
  return std::max(first, begin_tokens == 0 ? 0 : begin_tokens - 1);
}

void check_window(const EvalOptions& options, const Engine& engine, std::size_t begin_tokens) {
  if (options.window > engine.config().max_positions) {
    throw usage_error("{}: a window of {} tokens does not fit into the context of {}",
                      printable(engine.source().path()), options.window,
                      engine.config().max_positions);
  }
  if (options.window < 2 || first_scored(options, begin_tokens) + 1 >= options.window) {
    throw usage_error("a window of {} tokens leaves nothing to score; take a larger one",
                      options.window);
  }
}

// The windows of all texts in the order of execution: text by text.
std::vector<EvalWindow> cut_windows(std::span<const EvalTokens> texts, const EvalOptions& options) {
  std::size_t most = 0;  // windows of a text
  for (const EvalTokens& text : texts) {
    if (text.ids.size() < options.window) {
      throw usage_error("{}: the text has {} tokens, a window needs {}", printable(text.name),
                        text.ids.size(), options.window);
    }
    most = std::max(most, text.ids.size() / options.window);
  }
  std::size_t left =
      options.max_tokens == 0 ? static_cast<std::size_t>(-1) : options.max_tokens / options.window;
  if (left == 0) {
    throw usage_error("a limit of {} tokens is less than one window of {}", options.max_tokens,
                      options.window);
  }
  std::vector<EvalWindow> windows;
  for (std::size_t round = 0; round < most; ++round) {
    for (std::size_t t = 0; t < texts.size() && left > 0; ++t) {
      if (round >= texts[t].ids.size() / options.window) continue;
      windows.push_back({t, round * options.window});
      --left;
    }
  }
  std::stable_sort(windows.begin(), windows.end(),
                   [](const EvalWindow& a, const EvalWindow& b) { return a.text < b.text; });
  return windows;
}

// A sequence that is reset for each window.
class Runner {
 public:
  Runner(const Engine& engine, KvEncoding encoding)
      : session_(engine, {encoding, 16, 0}), empty_(session_.snapshot()) {}

  void restart() { session_.restore(empty_); }
  void feed(std::span<const std::uint32_t> tokens) {
    const Stopwatch watch;
    session_.feed(tokens);
    seconds_ += watch.seconds();
  }
  std::span<const float> logits(std::size_t first, std::size_t rows) {
    const Stopwatch watch;
    const auto result = session_.logits(first, rows);
    seconds_ += watch.seconds();
    return result;
  }
  double seconds() const { return seconds_; }

 private:
  Session session_;
  Snapshot empty_;
  double seconds_ = 0.0;
};

// Runs every window through all models.
class Evaluator {
 public:
  Evaluator(std::span<const EvalSubject> subjects, const Engine* reference,
            std::span<const EvalTokens> texts, const EvalOptions& options,
            std::vector<EvalWindow> windows, const EvalProgress& progress)
      : subjects_(subjects),
        texts_(texts),
        options_(options),
        progress_(progress),
        windows_(std::move(windows)),
        scores_(subjects.size()) {
    for (const EvalSubject& subject : subjects)
      runners_.emplace_back(*subject.engine, subject.kv_encoding);
    if (reference != nullptr) reference_.emplace(*reference, KvEncoding::kF32);
    const std::size_t models = subjects.size() + (reference == nullptr ? 0 : 1);
    total_tokens_ = windows_.size() * (options.window - 1) * models;
  }

  // The scores of each subject.
  std::vector<EvalScores>& score() {
    progress_(0, total_tokens_);
    for (const EvalWindow& window : windows_) run_window(window);
    return scores_;
  }

  std::vector<Evaluation> run() {
    score();
    std::vector<Evaluation> evaluations;
    for (std::size_t s = 0; s < subjects_.size(); ++s) {
      evaluations.push_back(
          summarize(scores_[s], windows_, texts_, options_, reference_.has_value()));
      evaluations.back().seconds = runners_[s].seconds();
      if (reference_) evaluations.back().reference_seconds = reference_->seconds();
    }
    return evaluations;
  }

 private:
  void run_window(const EvalWindow& window) {
    const EvalTokens& text = texts_[window.text];
    std::vector<std::uint32_t> ids(
        text.ids.begin() + static_cast<std::ptrdiff_t>(window.begin),
        text.ids.begin() + static_cast<std::ptrdiff_t>(window.begin + options_.window));
    std::copy_n(text.ids.begin(), text.begin_tokens, ids.begin());
    const std::size_t first = first_scored(options_, text.begin_tokens);
    if (reference_) reference_->restart();
    for (Runner& runner : runners_) runner.restart();
    // The prediction of the last token is outside of the window.
    const std::size_t fed = options_.window - 1;
    for (std::size_t begin = 0; begin < fed; begin += kMaxBatchTokens) {
      const std::size_t end = std::min(fed, begin + kMaxBatchTokens);
      const auto batch = std::span(ids).subspan(begin, end - begin);
      if (reference_) feed(*reference_, batch);
      for (Runner& runner : runners_) feed(runner, batch);
      for (std::size_t at = std::max(begin, first); at < end; at += kMaxLogitRows) {
        const std::size_t rows = std::min(kMaxLogitRows, end - at);
        score_block(at - begin, rows, std::span(ids).subspan(at + 1, rows));
      }
    }
  }

  void feed(Runner& runner, std::span<const std::uint32_t> batch) {
    runner.feed(batch);
    progress_(done_tokens_ += batch.size(), total_tokens_);
  }

  void score_block(std::size_t first, std::size_t rows, std::span<const std::uint32_t> targets) {
    const auto expected = reference_ ? reference_->logits(first, rows) : std::span<const float>{};
    std::array<RowScore, kMaxLogitRows> block;
    for (std::size_t s = 0; s < subjects_.size(); ++s) {
      const Engine& engine = *subjects_[s].engine;
      score_rows(engine.kernels(), engine.pool(), runners_[s].logits(first, rows), expected,
                 engine.config().vocab_size, targets, std::span(block).first(rows));
      scores_[s].insert(scores_[s].end(), block.begin(),
                        block.begin() + static_cast<std::ptrdiff_t>(rows));
    }
  }

  std::span<const EvalSubject> subjects_;
  std::span<const EvalTokens> texts_;
  const EvalOptions& options_;
  const EvalProgress& progress_;
  std::vector<EvalWindow> windows_;
  std::vector<EvalScores> scores_;
  std::deque<Runner> runners_;
  std::optional<Runner> reference_;
  std::size_t done_tokens_ = 0;
  std::size_t total_tokens_ = 0;
};

void check(std::span<const EvalSubject> subjects, const Engine* reference,
           std::span<const EvalTokens> texts, const EvalOptions& options) {
  CELLM_CHECK(!subjects.empty() && !texts.empty());
  for (const EvalTokens& text : texts) CELLM_CHECK(text.begin_tokens == texts.front().begin_tokens);
  for (const EvalSubject& subject : subjects) {
    for (const EvalTokens& text : texts) check_window(options, *subject.engine, text.begin_tokens);
  }
  if (reference != nullptr) {
    check_window(options, *reference, texts.front().begin_tokens);
    for (const EvalSubject& subject : subjects) {
      const std::size_t vocab = subject.engine->config().vocab_size;
      if (vocab == reference->config().vocab_size) continue;
      throw usage_error("{}: the reference's vocabulary is {}, that of {} is {}",
                        printable(reference->source().path()), reference->config().vocab_size,
                        printable(subject.engine->source().path()), vocab);
    }
  }
}

}  // namespace

std::vector<Evaluation> evaluate(std::span<const EvalSubject> subjects, const Engine* reference,
                                 std::span<const EvalTokens> texts, const EvalOptions& options,
                                 const EvalProgress& progress) {
  check(subjects, reference, texts, options);
  return Evaluator(subjects, reference, texts, options, cut_windows(texts, options), progress)
      .run();
}

std::size_t count_windows(std::span<const EvalTokens> texts, const EvalOptions& options) {
  return cut_windows(texts, options).size();
}

EvalScores score_windows(const EvalSubject& subject, const Engine* reference,
                         std::span<const EvalTokens> texts, const EvalOptions& options,
                         std::size_t first, std::size_t count, const EvalProgress& progress) {
  check({&subject, 1}, reference, texts, options);
  const std::vector<EvalWindow> all = cut_windows(texts, options);
  CELLM_CHECK(first <= all.size() && count <= all.size() - first);
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
  Evaluator evaluator({&subject, 1}, reference, texts, options,
                      {begin, begin + static_cast<std::ptrdiff_t>(count)}, progress);
  return std::move(evaluator.score().front());
}

Evaluation evaluation_of(const EvalScores& scores, std::span<const EvalTokens> texts,
                         const EvalOptions& options, bool has_reference) {
  const std::vector<EvalWindow> windows = cut_windows(texts, options);
  const std::size_t first = first_scored(options, texts.front().begin_tokens);
  const std::size_t expected = windows.size() * (options.window - 1 - first);
  if (scores.size() != expected) {
    throw data_error("{} scores for {} predictions of {} windows", scores.size(), expected,
                     windows.size());
  }
  return summarize(scores, windows, texts, options, has_reference);
}

}  // namespace cellm
