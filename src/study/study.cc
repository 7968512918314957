#include "study/study.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "study/results.h"
#include "study/steps.h"

namespace cellm {
namespace {

// Files are made if something is to be measured, or if they are the result.
std::vector<StudyStep> steps_to_run(Study& study) {
  std::vector<StudyStep> steps = study_steps(study, 1);
  std::erase_if(steps, [&](const StudyStep& step) { return !is_missing(study, step); });
  const bool measures = std::any_of(steps.begin(), steps.end(),
                                    [](const StudyStep& step) { return !makes_file(step.kind); });
  if (!study.options.keep && !measures) return {};
  return steps;
}

}  // namespace

nlohmann::ordered_json run_study(const StudyOptions& options, const StudyHooks& hooks) {
  Study study = open_study(options, hooks);
  const auto steps = steps_to_run(study);
  for (const StudyStep& step : steps) study.work.plan(step.work);
  run_steps(study, steps);
  return write_results(study);
}

}  // namespace cellm
