#include "study/evaluation_steps.h"

#include <algorithm>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "eval/report.h"
#include "io/cellm_quality.h"
#include "model/open_source.h"
#include "study/score_json.h"
#include "study/steps.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::uint64_t kBytesTogether = std::uint64_t{4} << 30;

// The stored result of an evaluation, without the times: the result of a study does not depend on
// how often it was broken off and where its steps ran.
OrderedJson evaluation_json(const Evaluation& evaluation) {
  OrderedJson json = to_json(evaluation);
  json.erase("seconds");
  json.erase("reference_seconds");
  return json;
}

Engine teacher_of(const Study& study) {
  return study_engine(study, study.rows[0].file, Activations::kF32);
}

EvalProgress progress_of(const Study& study) {
  return [&study](std::size_t done, std::size_t total) { study.work.update(done, total); };
}

void evaluate_together(Study& study, std::span<const StudyStep> steps) {
  std::string names;
  double work = 0.0;
  std::vector<std::unique_ptr<Engine>> engines;
  std::vector<EvalSubject> subjects;
  for (const StudyStep& step : steps) {
    const StudyRow& row = study.rows[step.row];
    names += (names.empty() ? "" : ", ") + row.format.name;
    work += step.work;
    engines.push_back(std::make_unique<Engine>(study_engine(study, row.file, Activations::kInt8)));
    subjects.push_back({engines.back().get(), KvEncoding::kF16});
  }
  study.work.begin(names + ": perplexity and KL divergence", work);
  const Engine teacher = teacher_of(study);
  const auto evaluations =
      evaluate(subjects, &teacher, study.tokens, study.eval, progress_of(study));
  for (std::size_t i = 0; i < steps.size(); ++i)
    study.steps.store(steps[i].name, steps[i].key, evaluation_json(evaluations[i]));
}

// The quality for the header of a row's file. The reference is the source in 16 bits, identified by
// the source's checksum: that of the f16 file changes when its quality is written into its header.
Quality quality_of_row(const Study& study, const StudyRow& row, const ModelSource& model,
                       const ModelSource& reference) {
  const std::string step = step_name(kEvaluationStep, row);
  const OrderedJson stored = study.steps.find(step, row_eval_key(study, row)).value();
  Evaluation evaluation;
  evaluation.predictions = stored.at("predictions").get<std::size_t>();
  evaluation.perplexity.value = stored.at("perplexity").get<double>();
  Comparison& comparison = evaluation.comparison.emplace();
  comparison.perplexity_ratio.value = stored.at("perplexity_ratio").get<double>();
  comparison.kld_mean.value = stored.at("kld_mean").get<double>();
  comparison.top1.value = stored.at("top1").get<double>();
  return quality_of(evaluation, study.eval,
                    {&model, &reference, study.source_checksum, study.text_checksum});
}

bool is_same_but_date(Quality a, const Quality& b) {
  a.date = b.date;
  return quality_json(a) == quality_json(b);
}

}  // namespace

Engine study_engine(const Study& study, const std::filesystem::path& file,
                    Activations activations) {
  return {open_model(file),
          {study.options.target, study.options.threads, std::numeric_limits<std::size_t>::max(),
           activations}};
}

void evaluate_rows(Study& study, std::span<const StudyStep> steps) {
  while (!steps.empty()) {
    std::size_t count = 0;
    std::uint64_t bytes = 0;
    for (; count < std::min(steps.size(), kFormatsTogether); ++count) {
      bytes += std::filesystem::file_size(study.rows[steps[count].row].file);
      if (count > 0 && bytes > kBytesTogether) break;
    }
    evaluate_together(study, steps.first(count));
    steps = steps.subspan(count);
  }
}

void score_part(Study& study, const StudyStep& step) {
  const StudyRow& row = study.rows[step.row];
  study.work.begin(
      fmt::format("{}: windows {} to {}", row.format.name, step.first + 1, step.first + step.count),
      step.work);
  const Engine teacher = teacher_of(study);
  const Engine engine = study_engine(study, row.file, Activations::kInt8);
  const EvalScores scores = score_windows({&engine, KvEncoding::kF16}, &teacher, study.tokens,
                                          study.eval, step.first, step.count, progress_of(study));
  study.steps.store(step.name, step.key, scores_json(scores));
}

void merge_scores(Study& study, const StudyStep& step) {
  EvalScores scores;
  for (const StepResult& part : step.needs) {
    const auto stored = study.steps.find(part.name, part.key);
    if (!stored) throw missing_step(study, part.name);
    add_scores(*stored, part.name, scores);
  }
  study.work.begin(step.name, step.work);
  study.steps.store(step.name, step.key,
                    evaluation_json(evaluation_of(scores, study.tokens, study.eval, true)));
}

void evaluate_floor(Study& study, const StudyStep& step) {
  OrderedJson floor = OrderedJson::object();
  if (const auto int8 = int8_row(study)) {
    study.work.begin("int8 with exact activations: perplexity and KL divergence", step.work);
    const Engine teacher = teacher_of(study);
    const Engine exact = study_engine(study, study.rows[*int8].file, Activations::kF32);
    const EvalSubject subject{&exact, KvEncoding::kF32};
    floor["int8_exact"] = evaluation_json(
        evaluate({&subject, 1}, &teacher, study.tokens, study.eval, progress_of(study))[0]);
  }
  study.steps.store(step.name, step.key, floor);
}

void store_qualities(const Study& study) {
  const auto reference = open_model_source(study.rows[0].file);
  for (const StudyRow& row : study.rows) {
    if (row.same_as || !row.is_own) continue;
    const auto model = open_model_source(row.file);
    const CellmFile& file = *model->cellm_file();
    const Quality quality = quality_of_row(study, row, *model, *reference);
    const auto known = read_quality(file.header);
    if (!known || !is_same_but_date(*known, quality)) store_quality(file, quality);
  }
}

}  // namespace cellm
