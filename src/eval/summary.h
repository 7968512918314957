// Aggregates the scores of predictions into the figures of an evaluation.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "eval/evaluate.h"
#include "eval/row_score.h"

namespace cellm {

// A window of a text.
struct EvalWindow {
  std::size_t text;
  std::size_t begin;  // index of its first token in the text's ids
};

// Sums over predictions from which all figures except the quantiles are computed.
struct ScoreSums {
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
  void add(const ScoreSums& other, double times) {
    predictions += times * other.predictions;
    nll += times * other.nll;
    reference_nll += times * other.reference_nll;
    kld += times * other.kld;
    same_top += times * other.same_top;
    delta_p += times * other.delta_p;
    delta_p_squared += times * other.delta_p_squared;
  }
};

// All figures of one subject except the times. Windows are in the order of their texts.
Evaluation summarize(const EvalScores& scores, const std::vector<EvalWindow>& windows,
                     std::span<const EvalTokens> texts, const EvalOptions& options,
                     bool has_reference);

}  // namespace cellm
