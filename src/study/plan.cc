#include "study/plan.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/version.h"
#include "study/results.h"
#include "study/steps.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr const char* kReportJob = "report";
constexpr const char* kResults[] = {"study.json", "report.md", "report.html"};

std::string step_file(const Study& study, const std::string& name) {
  return (study.options.output / "steps" / (name + ".json")).string();
}

// Inputs of every job: the model, its texts and the rows.
std::vector<std::string> common_inputs(const StudyOptions& options) {
  std::vector<std::string> inputs{options.source.string()};
  if (!options.tokenizer.empty()) inputs.push_back(options.tokenizer);
  for (const auto& text : options.texts) inputs.push_back(text.string());
  for (const auto& file : options.files) inputs.push_back(file.string());
  if (!options.questions.empty() && options.questions != kDefaultQuestions)
    inputs.push_back(options.questions.string());
  return inputs;
}

// Rows of StudyOptions::files have no job.
void add_file_inputs(const Study& study, std::span<const std::size_t> rows, OrderedJson& job) {
  for (const std::size_t index : rows) {
    const StudyRow& row = study.rows[index];
    if (!row.is_own) continue;
    const std::string step = step_name(kConvertStep, row);
    job["needs"].push_back(step);
    job["inputs"].push_back(row.file.string());
    job["inputs"].push_back(step_file(study, step));
  }
}

OrderedJson job_json(const Study& study, const StudyStep& step) {
  const StudyRow& row = study.rows[step.row];
  const bool of_row = step.kind != StepKind::kFloor && step.kind != StepKind::kHistograms;
  OrderedJson job{{"name", step.name},
                  {"kind", step_kind_name(step.kind)},
                  {"format", of_row ? OrderedJson(row.format.name) : OrderedJson()},
                  {"key", step.key},
                  {"done", !is_missing(study, step)},
                  {"work", step.work},
                  {"needs", OrderedJson::array()},
                  {"inputs", common_inputs(study.options)},
                  {"outputs", OrderedJson::array({step_file(study, step.name)})}};
  for (const StepResult& need : step.needs) job["needs"].push_back(need.name);
  add_file_inputs(study, step.files, job);
  for (const StepResult& need : step.needs) job["inputs"].push_back(step_file(study, need.name));
  if (makes_file(step.kind)) job["outputs"].push_back(row.file.string());
  return job;
}

OrderedJson report_json(const Study& study, std::span<const StudyStep> steps) {
  OrderedJson job{{"name", kReportJob},
                  {"kind", kReportJob},
                  {"format", nullptr},
                  {"key", ""},
                  {"done", false},
                  {"work", 1.0},
                  {"needs", OrderedJson::array()},
                  {"inputs", common_inputs(study.options)},
                  {"outputs", OrderedJson::array()}};
  std::string key;
  for (const StudyStep& step : steps) {
    if (step.kind == StepKind::kScore) continue;
    key = step_key({key, step.name, step.key});
    job["needs"].push_back(step.name);
    job["inputs"].push_back(step_file(study, step.name));
    if (makes_file(step.kind) && study.options.keep)
      job["inputs"].push_back(study.rows[step.row].file.string());
  }
  job["key"] = key;
  for (const char* name : kResults)
    job["outputs"].push_back((study.options.output / name).string());
  return job;
}

void require_results(const Study& study, std::span<const StudyStep> steps) {
  for (const StudyStep& step : steps) {
    if (step.kind == StepKind::kScore) continue;
    // The files are needed for their headers only.
    const bool missing = makes_file(step.kind) && !study.options.keep
                             ? !study.steps.find(step.name, step.key)
                             : is_missing(study, step);
    if (missing) throw missing_step(study, step.name);
  }
}

}  // namespace

OrderedJson study_plan(const StudyOptions& options, const StudyHooks& hooks) {
  Study study = open_study(options, hooks);
  const auto steps = study_steps(study, options.split);
  OrderedJson plan{{"plan", 1},
                   {"writer", kProgramVersion},
                   {"source", options.source.string()},
                   {"output", options.output.string()},
                   {"jobs", OrderedJson::array()}};
  for (const StudyStep& step : steps) plan["jobs"].push_back(job_json(study, step));
  plan["jobs"].push_back(report_json(study, steps));
  return plan;
}

void run_planned(const StudyOptions& options, const StudyHooks& hooks, const std::string& name) {
  Study study = open_study(options, hooks);
  const auto steps = study_steps(study, options.split);
  if (name == kReportJob) {
    require_results(study, steps);
    write_results(study);
    return;
  }
  const auto step = std::find_if(steps.begin(), steps.end(),
                                 [&](const StudyStep& other) { return other.name == name; });
  if (step == steps.end()) throw usage_error("no job {} in this study", printable(name));
  if (!is_missing(study, *step)) return;
  study.work.plan(step->work);
  run_steps(study, {&*step, 1});
}

}  // namespace cellm
