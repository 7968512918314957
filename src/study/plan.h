// A study as jobs that share no state: each reads files, and writes a file or the JSON of a step.
#pragma once

#include <string>

#include "io/json.h"
#include "study/study.h"

namespace cellm {

// The jobs of a study in an order in which they can run, as JSON (docs/cli.md, "study --plan"):
// the steps, then "report", which writes what run_study() writes. Throws as run_study().
nlohmann::ordered_json study_plan(const StudyOptions& options, const StudyHooks& hooks);

// Runs one job of the plan by its name. Does nothing if its result is stored. Throws Error(kUsage)
// for an unknown name, Error(kData) naming the job whose result is missing, and as run_study().
void run_planned(const StudyOptions& options, const StudyHooks& hooks, const std::string& name);

}  // namespace cellm
