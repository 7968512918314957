#include "study/steps.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "eval/coherence.h"
#include "study/answers.h"
#include "study/document.h"
#include "study/evaluation_steps.h"
#include "study/measures.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

// The windows of the sensitivity are short, so that few tokens cover several places of the texts.
constexpr std::size_t kSensitivityWindow = 256;

// A file made by data may have been made in stages, each with progress of its own.
StageProgress stages_of(const Study& study) {
  return [&study, best = 0.0](std::uint64_t done, std::uint64_t total) mutable {
    if (total != 0) best = std::max(best, static_cast<double>(done) / static_cast<double>(total));
    study.work.update(static_cast<std::size_t>(1000.0 * best), 1000);
  };
}

// Of an existing file.
OrderedJson size_of_file(const std::filesystem::path& file) {
  return size_json(open_model(file)->source(), std::filesystem::file_size(file));
}

void make_file(Study& study, const StudyStep& step) {
  const StudyRow& row = study.rows[step.row];
  if (row.is_planned()) {
    study.work.begin(fmt::format("{}: converting", row.format.name), step.work);
    ThreadPool pool(study.options.threads);
    convert(*study.model, row.plan, row.file, pool, [&](std::uint64_t done, std::uint64_t total) {
      study.work.update(static_cast<std::size_t>(done), static_cast<std::size_t>(total));
    });
    study.steps.store(step.name, step.key, size_json(row.plan));
    return;
  }
  study.work.begin(fmt::format("{}: training", row.format.name), step.work);
  CELLM_CHECK(study.hooks.make_trained);
  study.hooks.make_trained(row.format, row.base ? study.rows[*row.base].file : row.file, row.file,
                           stages_of(study));
  study.steps.store(step.name, step.key, size_of_file(row.file));
}

void write_texts_of(Study& study, const StudyStep& step, const Engine& teacher) {
  const StudyRow& row = study.rows[step.row];
  study.work.begin(
      fmt::format("{}: writing {} texts", row.format.name, 2 * coherence_prompts().size()),
      step.work);
  const Engine model = study_engine(study, row.file, Activations::kInt8);
  CoherenceOptions options;
  options.tokens = study.options.generate;
  const Coherence coherence = measure_coherence(
      model, teacher, *study.tokenizer, options,
      [&](std::size_t done, std::size_t total) { study.work.update(done, total); });
  study.steps.store(step.name, step.key, coherence_json(coherence));
}

void measure_speed(Study& study, const StudyStep& step) {
  const StudyRow& row = study.rows[step.row];
  study.work.begin(fmt::format("{}: speed and memory", row.format.name), step.work);
  const std::vector<std::uint32_t>& ids = study.tokens[0].ids;
  const std::vector<std::uint32_t> prompt(
      ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(kSpeedPrompt, ids.size())));
  std::vector<SpeedMeasurement> measured;
  for (std::size_t i = 0; i < study.options.speed_runs; ++i) {
    measured.push_back(study.hooks.measure_speed(row.file, prompt, kSpeedDecode));
    study.work.update(i + 1, study.options.speed_runs);
  }
  study.steps.store(step.name, step.key, speed_json(measured));
}

void measure_parts(Study& study, const StudyStep& step) {
  const StudyRow& row = study.rows[step.row];
  study.work.begin(fmt::format("{}: one part of the model at a time", row.format.name), step.work);
  const auto reference = open_model(study.rows[0].file);
  const auto quantized = open_model(row.file);
  const auto parts = model_parts(*reference);
  SensitivityOptions options{{}, study.options.target, study.options.threads};
  options.eval.window = std::min(kSensitivityWindow, study.options.window);
  options.eval.max_tokens = study.options.sensitivity_tokens;
  options.eval.resamples = 0;
  const auto found = measure_sensitivity(
      reference, quantized, parts, study.tokens, options,
      [&](std::size_t done, std::size_t total) { study.work.update(done, total); });
  study.steps.store(step.name, step.key, sensitivity_json(parts, found));
}

void measure_histograms(Study& study, const StudyStep& step) {
  study.work.begin("histograms of weights", step.work);
  std::vector<FormatFile> files;
  for (const std::size_t row : step.files)
    files.push_back({study.rows[row].format.name, study.rows[row].file});
  study.steps.store(step.name, step.key, histograms_json(study.rows[0].file, files));
}

void write_texts(Study& study, std::span<const StudyStep> steps) {
  const Engine teacher = study_engine(study, study.rows[0].file, Activations::kF32);
  for (const StudyStep& step : steps) write_texts_of(study, step, teacher);
}

void run_one(Study& study, const StudyStep& step) {
  switch (step.kind) {
    case StepKind::kConvert:
    case StepKind::kTrain:
      return make_file(study, step);
    case StepKind::kScore:
      return score_part(study, step);
    case StepKind::kMerge:
      return merge_scores(study, step);
    case StepKind::kFloor:
      return evaluate_floor(study, step);
    case StepKind::kAnswer:
      return answer_questions(study, step);
    case StepKind::kSpeed:
      return measure_speed(study, step);
    case StepKind::kParts:
      return measure_parts(study, step);
    case StepKind::kHistograms:
      return measure_histograms(study, step);
    case StepKind::kEvaluate:
    case StepKind::kWrite:
      break;
  }
  CELLM_CHECK(false);
}

void run_kind(Study& study, std::span<const StudyStep> steps) {
  for (const StudyStep& step : steps) {
    for (const std::size_t row : step.files) require_file(study, study.rows[row]);
  }
  if (steps.front().kind == StepKind::kEvaluate) return evaluate_rows(study, steps);
  if (steps.front().kind == StepKind::kWrite) return write_texts(study, steps);
  for (const StudyStep& step : steps) run_one(study, step);
}

}  // namespace

void run_steps(Study& study, std::span<const StudyStep> steps) {
  while (!steps.empty()) {
    const auto end = std::find_if(steps.begin(), steps.end(), [&](const StudyStep& step) {
      return step.kind != steps.front().kind;
    });
    const auto count = static_cast<std::size_t>(end - steps.begin());
    run_kind(study, steps.first(count));
    steps = steps.subspan(count);
  }
}

}  // namespace cellm
