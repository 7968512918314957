#include "eval/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace cellm {
namespace {

// The statistics that are functions of ScoreSums.
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

std::array<double, kStatistics> statistics(const ScoreSums& sums) {
  const double n = sums.predictions;
  const double ratio = (sums.nll - sums.reference_nll) / n;
  return {std::exp(sums.nll / n), std::exp(sums.reference_nll / n),
          std::exp(ratio),        ratio,
          sums.kld / n,           sums.same_top / n,
          sums.delta_p / n,       std::sqrt(sums.delta_p_squared / n)};
}

constexpr std::array<double, 4> kQuantiles{0.5, 0.9, 0.99, 0.999};

std::vector<ScoreSums> sums_of_windows(const EvalScores& scores, std::size_t per_window) {
  std::vector<ScoreSums> sums(scores.size() / per_window);
  for (std::size_t i = 0; i < scores.size(); ++i) sums[i / per_window].add(scores[i]);
  return sums;
}

// Divergences in ascending order, each with its unit.
struct SortedDivergences {
  std::vector<double> values;
  std::vector<std::uint32_t> units;
};

SortedDivergences sort_divergences(const EvalScores& scores, std::size_t per_window,
                                   const std::vector<std::uint32_t>& unit_of_window) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return scores[a].kld != scores[b].kld ? scores[a].kld < scores[b].kld : a < b;
  });
  SortedDivergences sorted;
  for (const std::size_t i : order) {
    sorted.values.push_back(scores[i].kld);
    sorted.units.push_back(unit_of_window[i / per_window]);
  }
  return sorted;
}

// Windows of the texts that have any, and the figures of each text alone.
std::vector<TextEvaluation> evaluate_texts(const std::vector<ScoreSums>& window_sums,
                                           const std::vector<EvalWindow>& windows,
                                           std::span<const EvalTokens> texts, bool has_reference) {
  std::vector<ScoreSums> sums(texts.size());
  std::vector<std::size_t> counts(texts.size());
  for (std::size_t w = 0; w < windows.size(); ++w) {
    sums[windows[w].text].add(window_sums[w], 1.0);
    ++counts[windows[w].text];
  }
  std::vector<TextEvaluation> evaluations;
  for (std::size_t t = 0; t < texts.size(); ++t) {
    if (counts[t] == 0) continue;
    TextEvaluation text{
        texts[t].name, counts[t], static_cast<std::size_t>(sums[t].predictions), 0.0, {}};
    text.perplexity = statistics(sums[t])[kPerplexity];
    if (has_reference) text.kld_mean = statistics(sums[t])[kKldMean];
    evaluations.push_back(std::move(text));
  }
  return evaluations;
}

// Statistics and quantiles of resampled units, one value for each resample.
struct Resamples {
  std::array<std::vector<double>, kStatistics> statistics;
  std::array<std::vector<double>, kQuantiles.size()> klds;  // empty without a reference
};

Resamples resample(const std::vector<ScoreSums>& units, const SortedDivergences& sorted,
                   const EvalOptions& options) {
  Resamples result;
  Resampler resampler(units.size(), options.seed);
  for (std::size_t r = 0; r < options.resamples && units.size() >= kFewestUnits; ++r) {
    const auto counts = resampler.next();
    ScoreSums drawn;
    for (std::size_t u = 0; u < units.size(); ++u) {
      if (counts[u] != 0) drawn.add(units[u], static_cast<double>(counts[u]));
    }
    const auto values = statistics(drawn);
    for (std::size_t s = 0; s < kStatistics; ++s) result.statistics[s].push_back(values[s]);
    if (sorted.values.empty()) continue;
    std::array<double, kQuantiles.size()> quantiles{};
    resampled_quantiles(sorted.values, sorted.units, counts, kQuantiles, quantiles);
    for (std::size_t q = 0; q < quantiles.size(); ++q) result.klds[q].push_back(quantiles[q]);
  }
  return result;
}

}  // namespace

Evaluation summarize(const EvalScores& scores, const std::vector<EvalWindow>& windows,
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
  // Every text has a window unless the limit excluded it; the texts in use are the first ones.
  evaluation.units = unit_of_window.back() + std::size_t{1};

  const std::size_t per_window = scores.size() / windows.size();
  const std::vector<ScoreSums> sums = sums_of_windows(scores, per_window);
  ScoreSums total;
  std::vector<ScoreSums> units(evaluation.units);
  for (std::size_t w = 0; w < windows.size(); ++w) {
    total.add(sums[w], 1.0);
    units[unit_of_window[w]].add(sums[w], 1.0);
  }
  evaluation.predictions = static_cast<std::size_t>(total.predictions);
  evaluation.texts = evaluate_texts(sums, windows, texts, has_reference);

  const SortedDivergences sorted =
      has_reference ? sort_divergences(scores, per_window, unit_of_window) : SortedDivergences{};
  Resamples resampled = resample(units, sorted, options);
  const auto values = statistics(total);
  const auto estimate = [&](Statistic s) {
    return interval_of(values[s], std::move(resampled.statistics[s]), evaluation.units);
  };
  evaluation.perplexity = estimate(kPerplexity);
  if (has_reference) {
    const auto quantile = [&](std::size_t q) {
      return interval_of(quantile_of_sorted(sorted.values, kQuantiles[q]),
                         std::move(resampled.klds[q]), evaluation.units);
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
  }
  return evaluation;
}

}  // namespace cellm
