#include "eval/evaluate.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <deque>
#include <numeric>

#include "base/error.h"
#include "eval/row_score.h"

namespace cellm {
namespace {

using Clock = std::chrono::steady_clock;

// A window of a text.
struct Window {
  std::size_t text;
  std::size_t begin;  // its first token among the text's ids
};

// The positions of a window whose predictions count: [first, window − 1).
std::size_t first_scored(const EvalOptions& options, std::size_t begin_tokens) {
  const std::size_t first = options.scored == ScoredPart::kAll ? 0 : options.window / 2;
  // What the template puts before a text is given, not predicted.
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

// The windows of all texts, in the order to run: text by text.
std::vector<Window> cut_windows(std::span<const EvalTokens> texts, const EvalOptions& options) {
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
  std::vector<Window> windows;
  for (std::size_t round = 0; round < most; ++round) {
    for (std::size_t t = 0; t < texts.size() && left > 0; ++t) {
      if (round >= texts[t].ids.size() / options.window) continue;
      windows.push_back({t, round * options.window});
      --left;
    }
  }
  std::stable_sort(windows.begin(), windows.end(),
                   [](const Window& a, const Window& b) { return a.text < b.text; });
  return windows;
}

// A sequence that starts anew with each window.
class Runner {
 public:
  Runner(const Engine& engine, KvEncoding encoding)
      : session_(engine, {encoding, 16, 0}), empty_(session_.checkpoint()) {}

  void restart() { session_.restore(empty_); }
  void feed(std::span<const std::uint32_t> tokens) {
    const auto start = Clock::now();
    session_.feed(tokens);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
  }
  std::span<const float> logits(std::size_t first, std::size_t rows) {
    const auto start = Clock::now();
    const auto result = session_.logits(first, rows);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    return result;
  }
  double seconds() const { return seconds_; }

 private:
  Session session_;
  Checkpoint empty_;
  double seconds_ = 0.0;
};

// Sums over predictions of which all but the quantiles are made.
struct Sums {
  double predictions = 0.0;
  double nll = 0.0;
  double reference_nll = 0.0;
  double kld = 0.0;
  double same_top = 0.0;
  double delta_p = 0.0;
  double delta_p_squared = 0.0;

  void add(const RowScore& score) {
    predictions += 1.0;
    nll += score.nll;
    reference_nll += score.reference_nll;
    kld += score.kld;
    same_top += score.same_top ? 1.0 : 0.0;
    delta_p += score.delta_p;
    delta_p_squared += score.delta_p * score.delta_p;
  }
  void add(const Sums& other, double times) {
    predictions += times * other.predictions;
    nll += times * other.nll;
    reference_nll += times * other.reference_nll;
    kld += times * other.kld;
    same_top += times * other.same_top;
    delta_p += times * other.delta_p;
    delta_p_squared += times * other.delta_p_squared;
  }
};

// The statistics that are functions of Sums.
enum Statistic : std::size_t {
  kPerplexity,
  kReferencePerplexity,
  kPerplexityRatio,
  kLnPerplexityRatio,
  kKldMean,
  kTop1,
  kDeltaPMean,
  kDeltaPRms,
  kStatistics
};

std::array<double, kStatistics> statistics(const Sums& sums) {
  const double n = sums.predictions;
  const double ratio = (sums.nll - sums.reference_nll) / n;
  return {std::exp(sums.nll / n), std::exp(sums.reference_nll / n),
          std::exp(ratio),        ratio,
          sums.kld / n,           sums.same_top / n,
          sums.delta_p / n,       std::sqrt(sums.delta_p_squared / n)};
}

constexpr std::array<double, 4> kQuantiles{0.5, 0.9, 0.99, 0.999};

// What one subject's predictions were worth, in the order of the windows.
struct Scores {
  std::vector<Sums> windows;
  std::vector<double> klds;  // of every prediction
};

// Divergences in ascending order, each with the unit it belongs to.
struct SortedDivergences {
  std::vector<double> values;
  std::vector<std::uint32_t> units;
};

SortedDivergences sort_divergences(const std::vector<double>& klds, std::size_t per_window,
                                   const std::vector<std::uint32_t>& unit_of_window) {
  std::vector<std::size_t> order(klds.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return klds[a] != klds[b] ? klds[a] < klds[b] : a < b;
  });
  SortedDivergences sorted;
  for (const std::size_t i : order) {
    sorted.values.push_back(klds[i]);
    sorted.units.push_back(unit_of_window[i / per_window]);
  }
  return sorted;
}

// All figures of one subject but the times.
Evaluation summarize(const Scores& scores, const std::vector<Window>& windows,
                     std::span<const EvalTokens> texts, const EvalOptions& options,
                     bool has_reference) {
  Evaluation evaluation;
  evaluation.windows = windows.size();
  evaluation.tokens = windows.size() * options.window;

  const bool whole_texts = texts.size() >= kFewestTextsToResample;
  evaluation.unit = whole_texts ? ResampledUnit::kTexts : ResampledUnit::kWindows;
  std::vector<std::uint32_t> unit_of_window(windows.size());
  for (std::size_t w = 0; w < windows.size(); ++w)
    unit_of_window[w] = static_cast<std::uint32_t>(whole_texts ? windows[w].text : w);
  // Every text has a window unless the limit left it out; those in use are the first ones.
  evaluation.units = unit_of_window.back() + std::size_t{1};

  Sums total;
  std::vector<Sums> units(evaluation.units);
  std::vector<Sums> by_text(texts.size());
  for (std::size_t w = 0; w < windows.size(); ++w) {
    total.add(scores.windows[w], 1.0);
    units[unit_of_window[w]].add(scores.windows[w], 1.0);
    by_text[windows[w].text].add(scores.windows[w], 1.0);
  }
  evaluation.predictions = static_cast<std::size_t>(total.predictions);
  for (std::size_t t = 0; t < texts.size(); ++t) {
    TextEvaluation text{
        texts[t].name, 0, static_cast<std::size_t>(by_text[t].predictions), 0.0, {}};
    for (const Window& window : windows) text.windows += window.text == t ? 1 : 0;
    if (text.windows == 0) continue;
    text.perplexity = statistics(by_text[t])[kPerplexity];
    if (has_reference) text.kld_mean = statistics(by_text[t])[kKldMean];
    evaluation.texts.push_back(std::move(text));
  }

  const std::size_t per_window = scores.klds.size() / windows.size();
  const SortedDivergences sorted = has_reference
                                       ? sort_divergences(scores.klds, per_window, unit_of_window)
                                       : SortedDivergences{};
  std::array<std::vector<double>, kStatistics> resampled;
  std::array<std::vector<double>, kQuantiles.size()> resampled_klds;
  Resampler resampler(evaluation.units, options.seed);
  for (std::size_t r = 0; r < options.resamples && evaluation.units >= kFewestUnits; ++r) {
    const auto counts = resampler.next();
    Sums drawn;
    for (std::size_t u = 0; u < units.size(); ++u) {
      if (counts[u] != 0) drawn.add(units[u], static_cast<double>(counts[u]));
    }
    const auto values = statistics(drawn);
    for (std::size_t s = 0; s < kStatistics; ++s) resampled[s].push_back(values[s]);
    if (!has_reference) continue;
    std::array<double, kQuantiles.size()> quantiles{};
    resampled_quantiles(sorted.values, sorted.units, counts, kQuantiles, quantiles);
    for (std::size_t q = 0; q < quantiles.size(); ++q) resampled_klds[q].push_back(quantiles[q]);
  }

  const auto values = statistics(total);
  const auto estimate = [&](Statistic s) {
    return interval_of(values[s], std::move(resampled[s]), evaluation.units);
  };
  evaluation.perplexity = estimate(kPerplexity);
  if (!has_reference) return evaluation;
  const auto quantile = [&](std::size_t q) {
    return interval_of(quantile_of_sorted(sorted.values, kQuantiles[q]),
                       std::move(resampled_klds[q]), evaluation.units);
  };
  evaluation.comparison = Comparison{
      .reference_perplexity = estimate(kReferencePerplexity),
      .perplexity_ratio = estimate(kPerplexityRatio),
      .ln_perplexity_ratio = estimate(kLnPerplexityRatio),
      .kld_mean = estimate(kKldMean),
      .kld_median = quantile(0),
      .kld_p90 = quantile(1),
      .kld_p99 = quantile(2),
      .kld_p999 = quantile(3),
      .kld_max = sorted.values.back(),
      .top1 = estimate(kTop1),
      .delta_p_mean = estimate(kDeltaPMean),
      .delta_p_rms = estimate(kDeltaPRms),
  };
  return evaluation;
}

// Runs every window through all models.
class Evaluator {
 public:
  Evaluator(std::span<const EvalSubject> subjects, const Engine* reference,
            std::span<const EvalTokens> texts, const EvalOptions& options,
            const EvalProgress& progress)
      : subjects_(subjects),
        texts_(texts),
        options_(options),
        progress_(progress),
        windows_(cut_windows(texts, options)),
        scores_(subjects.size()) {
    for (const EvalSubject& subject : subjects)
      runners_.emplace_back(*subject.engine, subject.kv_encoding);
    if (reference != nullptr) reference_.emplace(*reference, KvEncoding::kF32);
    const std::size_t models = subjects.size() + (reference == nullptr ? 0 : 1);
    total_tokens_ = windows_.size() * (options.window - 1) * models;
  }

  std::vector<Evaluation> run() {
    progress_(0, total_tokens_);
    for (const Window& window : windows_) run_window(window);
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
  void run_window(const Window& window) {
    const EvalTokens& text = texts_[window.text];
    std::vector<std::uint32_t> ids(
        text.ids.begin() + static_cast<std::ptrdiff_t>(window.begin),
        text.ids.begin() + static_cast<std::ptrdiff_t>(window.begin + options_.window));
    std::copy_n(text.ids.begin(), text.begin_tokens, ids.begin());
    const std::size_t first = first_scored(options_, text.begin_tokens);
    if (reference_) reference_->restart();
    for (Runner& runner : runners_) runner.restart();
    for (Scores& scores : scores_) scores.windows.emplace_back();
    // The last token predicts nothing that is in the window.
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
      for (std::size_t r = 0; r < rows; ++r) {
        scores_[s].windows.back().add(block[r]);
        if (reference_) scores_[s].klds.push_back(block[r].kld);
      }
    }
  }

  std::span<const EvalSubject> subjects_;
  std::span<const EvalTokens> texts_;
  const EvalOptions& options_;
  const EvalProgress& progress_;
  std::vector<Window> windows_;
  std::vector<Scores> scores_;
  std::deque<Runner> runners_;
  std::optional<Runner> reference_;
  std::size_t done_tokens_ = 0;
  std::size_t total_tokens_ = 0;
};

}  // namespace

std::vector<Evaluation> evaluate(std::span<const EvalSubject> subjects, const Engine* reference,
                                 std::span<const EvalTokens> texts, const EvalOptions& options,
                                 const EvalProgress& progress) {
  CELLM_CHECK(!subjects.empty() && !texts.empty());
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
  return Evaluator(subjects, reference, texts, options, progress).run();
}

}  // namespace cellm
