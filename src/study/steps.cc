#include "study/steps.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "eval/coherence.h"
#include "eval/report.h"
#include "io/cellm_quality.h"
#include "study/document.h"
#include "study/measures.h"
#include "study/work_plan.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::uint64_t kBytesTogether = std::uint64_t{4} << 30;

// The windows of the sensitivity are short, so that few tokens cover several places of the texts.
constexpr std::size_t kSensitivityWindow = 256;

Engine engine(const Study& study, const std::filesystem::path& file, Activations activations) {
  return {open_model(file),
          {study.options.target, study.options.threads, std::numeric_limits<std::size_t>::max(),
           activations}};
}

void evaluate_together(Study& study, const std::vector<const StudyRow*>& rows) {
  std::string names;
  for (const StudyRow* row : rows) names += (names.empty() ? "" : ", ") + row->format.name;
  study.work.begin(names + ": perplexity and KL divergence",
                   static_cast<double>(eval_tokens(study)) * (1.0 + 1.0 / kFormatsTogether) *
                       static_cast<double>(rows.size()));
  const Engine teacher = engine(study, study.rows[0].file, Activations::kF32);
  std::vector<std::unique_ptr<Engine>> engines;
  std::vector<EvalSubject> subjects;
  for (const StudyRow* row : rows) {
    engines.push_back(std::make_unique<Engine>(engine(study, row->file, Activations::kInt8)));
    subjects.push_back({engines.back().get(), KvEncoding::kF16});
  }
  const auto evaluations =
      evaluate(subjects, &teacher, study.tokens, study.eval,
               [&](std::size_t done, std::size_t total) { study.work.update(done, total); });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    // The reference is the source in 16 bits, identified by the source's checksum: that of the f16
    // file changes when its quality is written into its header.
    const QualitySource from{&engines[i]->source(), &teacher.source(), study.source_checksum,
                             study.text_checksum};
    if (study.options.keep && rows[i]->is_own)
      store_quality(*engines[i]->source().cellm_file(),
                    quality_of(evaluations[i], study.eval, from));
    study.steps.store("eval-" + rows[i]->format.name, row_eval_key(study, *rows[i]),
                      to_json(evaluations[i]));
  }
}

// The cost of 8-bit activations: int8 weights with exact activations, to compare with the row int8.
void evaluate_floor(Study& study) {
  const auto int8 = std::find_if(study.rows.begin(), study.rows.end(),
                                 [](const StudyRow& row) { return row.format.name == "int8"; });
  OrderedJson floor = OrderedJson::object();
  if (int8 != study.rows.end()) {
    study.work.begin("int8 with exact activations: perplexity and KL divergence",
                     2.0 * static_cast<double>(eval_tokens(study)));
    const Engine teacher = engine(study, study.rows[0].file, Activations::kF32);
    const Engine exact = engine(study, int8->file, Activations::kF32);
    const EvalSubject subject{&exact, KvEncoding::kF32};
    floor["int8_exact"] = to_json(
        evaluate({&subject, 1}, &teacher, study.tokens, study.eval,
                 [&](std::size_t done, std::size_t total) { study.work.update(done, total); })[0]);
  }
  study.steps.store("eval-floor", row_eval_key(study, study.rows[0]), floor);
}

void write_texts_of(Study& study, const StudyRow& row, const Engine& teacher) {
  study.work.begin(
      fmt::format("{}: writing {} texts", row.format.name, 2 * coherence_prompts().size()),
      coherence_work(study));
  const Engine model = engine(study, row.file, Activations::kInt8);
  CoherenceOptions options;
  options.tokens = study.options.generate;
  const Coherence coherence = measure_coherence(
      model, teacher, *study.tokenizer, options,
      [&](std::size_t done, std::size_t total) { study.work.update(done, total); });
  study.steps.store("coherence-" + row.format.name, coherence_key(study, row),
                    coherence_json(coherence));
}

}  // namespace

void make_file(Study& study, const StudyRow& row) {
  if (row.same_as || has_file(study, row)) return;
  study.work.begin(fmt::format("{}: converting", row.format.name), kConvertWork);
  // A new file has no quality in its header: its evaluation is repeated and written into it.
  if (study.options.keep) study.steps.remove("eval-" + row.format.name);
  ThreadPool pool(study.options.threads);
  convert(*study.model, row.plan, row.file, pool, [&](std::uint64_t done, std::uint64_t total) {
    study.work.update(static_cast<std::size_t>(done), static_cast<std::size_t>(total));
  });
  study.steps.store("convert-" + row.format.name, row.key, size_json(row.plan));
}

void evaluate_rows(Study& study) {
  std::vector<const StudyRow*> todo;
  for (const StudyRow& row : study.rows) {
    if (!row.same_as && is_missing(study, "eval-" + row.format.name, row_eval_key(study, row)))
      todo.push_back(&row);
  }
  const bool floor = is_missing(study, "eval-floor", row_eval_key(study, study.rows[0]));
  std::size_t begin = 0;
  while (begin < todo.size()) {
    std::size_t end = begin;
    std::uint64_t bytes = 0;
    while (end < todo.size() && end - begin < kFormatsTogether &&
           (end == begin || bytes + todo[end]->plan.file_bytes <= kBytesTogether)) {
      bytes += todo[end]->plan.file_bytes;
      ++end;
    }
    evaluate_together(study, {todo.begin() + static_cast<std::ptrdiff_t>(begin),
                              todo.begin() + static_cast<std::ptrdiff_t>(end)});
    begin = end;
  }
  if (floor) evaluate_floor(study);
}

void write_texts(Study& study) {
  std::unique_ptr<Engine> teacher;
  for (const StudyRow& row : study.rows) {
    if (row.same_as ||
        !is_missing(study, "coherence-" + row.format.name, coherence_key(study, row)))
      continue;
    if (!teacher)
      teacher = std::make_unique<Engine>(engine(study, study.rows[0].file, Activations::kF32));
    write_texts_of(study, row, *teacher);
  }
}

void measure_speed(Study& study, const StudyRow& row) {
  const std::string step = "speed-" + row.format.name;
  if (row.same_as || !is_missing(study, step, speed_key(study, row))) return;
  const auto runs = static_cast<double>(study.options.speed_runs);
  study.work.begin(fmt::format("{}: speed and memory", row.format.name), kSpeedRunWork * runs);
  const std::vector<std::uint32_t>& ids = study.tokens[0].ids;
  const std::vector<std::uint32_t> prompt(
      ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(kSpeedPrompt, ids.size())));
  std::vector<SpeedMeasurement> measured;
  for (std::size_t i = 0; i < study.options.speed_runs; ++i) {
    measured.push_back(study.hooks.measure_speed(row.file, prompt, kSpeedDecode));
    study.work.update(i + 1, study.options.speed_runs);
  }
  study.steps.store(step, speed_key(study, row), speed_json(measured));
}

void measure_parts(Study& study) {
  for (const StudyRow* row : part_rows(study)) {
    const std::string step = "parts-" + row->format.name;
    if (!is_missing(study, step, parts_key(study, *row))) continue;
    study.work.begin(fmt::format("{}: one part of the model at a time", row->format.name),
                     parts_work(study));
    const auto reference = open_model(study.rows[0].file);
    const auto quantized = open_model(row->file);
    const auto parts = model_parts(*reference);
    SensitivityOptions options{{}, study.options.target, study.options.threads};
    options.eval.window = std::min(kSensitivityWindow, study.options.window);
    options.eval.max_tokens = study.options.sensitivity_tokens;
    options.eval.resamples = 0;
    const auto found = measure_sensitivity(
        reference, quantized, parts, study.tokens, options,
        [&](std::size_t done, std::size_t total) { study.work.update(done, total); });
    study.steps.store(step, parts_key(study, *row), sensitivity_json(parts, found));
  }
}

void measure_histograms(Study& study) {
  const std::string key = histogram_key(study);
  if (!is_missing(study, "histograms", key)) return;
  study.work.begin("histograms of weights", kConvertWork);
  std::vector<FormatFile> files;
  for (const StudyRow& row : study.rows) {
    if (!row.same_as) files.push_back({row.format.name, row.file});
  }
  study.steps.store("histograms", key, histograms_json(study.rows[0].file, files));
}

}  // namespace cellm
