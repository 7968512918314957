#include "study/work_plan.h"

#include "eval/coherence.h"

namespace cellm {
namespace {

void plan_step(Study& study, double amount) {
  study.something_missing = true;
  study.work.plan(amount);
}

}  // namespace

double coherence_work(const Study& study) {
  return static_cast<double>(2 * coherence_prompts().size() * study.options.generate) *
         (1.0 + kGeneratedWeight);
}

double parts_work(Study& study) {
  if (study.parts.empty()) study.parts = model_parts(*study.model);
  return static_cast<double>(study.parts.size() * study.options.sensitivity_tokens);
}

void plan_work(Study& study) {
  const auto tokens = static_cast<double>(eval_tokens(study));
  for (const StudyRow& row : study.rows) {
    if (row.same_as) continue;
    const std::string& name = row.format.name;
    const bool file = has_file(study, row);
    if (is_missing(study, "eval-" + name, row_eval_key(study, row)) ||
        (study.options.keep && !file)) {
      plan_step(study, tokens * (1.0 + 1.0 / kFormatsTogether));
    }
    if (is_missing(study, "coherence-" + name, coherence_key(study, row)))
      plan_step(study, coherence_work(study));
    if (study.options.speed_runs > 0 && is_missing(study, "speed-" + name, speed_key(study, row))) {
      plan_step(study, kSpeedRunWork * static_cast<double>(study.options.speed_runs));
    }
  }
  if (study.options.sensitivity_tokens > 0) {
    for (const StudyRow* row : part_rows(study)) {
      if (is_missing(study, "parts-" + row->format.name, parts_key(study, *row)))
        plan_step(study, parts_work(study));
    }
  }
  if (is_missing(study, "eval-floor", row_eval_key(study, study.rows[0])))
    plan_step(study, 2.0 * tokens);
  if (is_missing(study, "histograms", histogram_key(study))) plan_step(study, kConvertWork);
  if (!study.options.keep && !study.something_missing) return;
  for (const StudyRow& row : study.rows) {
    if (!row.same_as && !has_file(study, row)) plan_step(study, kConvertWork);
  }
}

}  // namespace cellm
