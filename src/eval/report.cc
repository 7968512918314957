#include "eval/report.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/today.h"
#include "base/version.h"
#include "eval/model_facts.h"
#include "ops/kv_cache.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson interval_json(const Estimate& estimate) {
  return std::isnan(estimate.low) ? OrderedJson() : OrderedJson{estimate.low, estimate.high};
}

// Adds a figure, and its interval to the intervals, which are not in the same object.
void put(OrderedJson& json, OrderedJson& intervals, const char* key, const Estimate& estimate) {
  json[key] = estimate.value;
  intervals[key] = interval_json(estimate);
}

}  // namespace

std::string_view scored_part_name(ScoredPart scored) {
  return scored == ScoredPart::kAll ? "all" : "second-half";
}

ScoredPart parse_scored_part(std::string_view name) {
  if (name == "second-half") return ScoredPart::kSecondHalf;
  if (name == "all") return ScoredPart::kAll;
  throw usage_error("score \"{}\" is unknown; use second-half or all", printable(name));
}

OrderedJson to_json(const Evaluation& evaluation) {
  OrderedJson json{{"tokens", evaluation.tokens},
                   {"windows", evaluation.windows},
                   {"predictions", evaluation.predictions}};
  OrderedJson intervals{{"level", 0.95},
                        {"unit", evaluation.unit == ResampledUnit::kTexts ? "texts" : "windows"},
                        {"units", evaluation.units}};
  put(json, intervals, "perplexity", evaluation.perplexity);
  if (evaluation.comparison) {
    const Comparison& c = *evaluation.comparison;
    put(json, intervals, "reference_perplexity", c.reference_perplexity);
    put(json, intervals, "perplexity_ratio", c.perplexity_ratio);
    put(json, intervals, "ln_perplexity_ratio", c.ln_perplexity_ratio);
    put(json, intervals, "kld_mean", c.kld_mean);
    put(json, intervals, "kld_median", c.kld_median);
    put(json, intervals, "kld_p90", c.kld_p90);
    put(json, intervals, "kld_p99", c.kld_p99);
    put(json, intervals, "kld_p999", c.kld_p999);
    json["kld_max"] = c.kld_max;
    put(json, intervals, "top1", c.top1);
    put(json, intervals, "delta_p_mean", c.delta_p_mean);
    put(json, intervals, "delta_p_rms", c.delta_p_rms);
  }
  json["intervals"] = std::move(intervals);
  json["texts"] = OrderedJson::array();
  for (const TextEvaluation& text : evaluation.texts) {
    OrderedJson entry{{"file", text.name},
                      {"windows", text.windows},
                      {"predictions", text.predictions},
                      {"perplexity", text.perplexity}};
    if (text.kld_mean) entry["kld_mean"] = *text.kld_mean;
    json["texts"].push_back(std::move(entry));
  }
  json["seconds"] = evaluation.seconds;
  if (evaluation.comparison) json["reference_seconds"] = evaluation.reference_seconds;
  return json;
}

OrderedJson to_json(const ChoiceEvaluation& evaluation) {
  OrderedJson json{{"items", evaluation.items}, {"tokens", evaluation.tokens}};
  OrderedJson intervals{{"level", 0.95}, {"unit", "items"}, {"units", evaluation.items}};
  put(json, intervals, "accuracy_sum", evaluation.accuracy_sum);
  put(json, intervals, "accuracy_mean", evaluation.accuracy_mean);
  json["chance"] = evaluation.chance;
  json["intervals"] = std::move(intervals);
  json["seconds"] = evaluation.seconds;
  return json;
}

void put_estimate(OrderedJson& json, const char* key, const Estimate& estimate) {
  json[key] = estimate.value;
  json["intervals"][key] = interval_json(estimate);
}

OrderedJson to_json(const AnswerEvaluation& evaluation, std::span<const Question> questions,
                    const std::optional<Estimate>& of_reference) {
  OrderedJson json{
      {"questions", questions.size()},
      {"tokens", evaluation.tokens},
      {"intervals", {{"level", 0.95}, {"unit", "questions"}, {"units", questions.size()}}}};
  put_estimate(json, "right", evaluation.right);
  if (of_reference) put_estimate(json, "right_of_reference", *of_reference);
  put_estimate(json, "looping", evaluation.looping);
  put_estimate(json, "whole", evaluation.whole);
  for (std::size_t n = 1; n <= kDistinctLengths; ++n)
    json[fmt::format("distinct{}", n)] = evaluation.distinct[n - 1];
  OrderedJson& kinds = json["kinds"] = OrderedJson::object();
  for (const auto& [kind, count] : count_kinds(questions, evaluation))
    kinds[kind] = {{"questions", count.questions}, {"right", count.right}};
  json["seconds"] = evaluation.seconds;
  OrderedJson& items = json["items"] = OrderedJson::array();
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const GivenAnswer& answer = evaluation.answers[i];
    items.push_back({{"question", questions[i].question},
                     {"answer", answer.text},
                     {"tokens", answer.tokens},
                     {"right", answer.right},
                     {"looping", answer.looping},
                     {"whole", answer.whole}});
  }
  return json;
}

Quality quality_of(const Evaluation& evaluation, const EvalOptions& options,
                   const QualitySource& from) {
  CELLM_CHECK(evaluation.comparison.has_value());
  const Comparison& comparison = *evaluation.comparison;
  Quality quality;
  quality.reference_format = main_format(*from.reference);
  quality.reference_checksum = from.reference_checksum;
  quality.text_checksum = from.text_checksum;
  quality.window = options.window;
  quality.scored = scored_part_name(options.scored);
  quality.predictions = evaluation.predictions;
  quality.perplexity = evaluation.perplexity.value;
  quality.perplexity_ratio = comparison.perplexity_ratio.value;
  quality.kld_mean = comparison.kld_mean.value;
  quality.top1 = comparison.top1.value;
  quality.bits_per_weight = bits_per_weight(*from.model);
  quality.activations = from.activations;
  quality.kv_encoding = kv_encoding_name(from.kv_encoding);
  quality.date = today_utc();
  quality.writer = kProgramVersion;
  return quality;
}

}  // namespace cellm
