// The study as a job.
#pragma once

#include <filesystem>
#include <string>

#include "io/json.h"
#include "jobs/job.h"
#include "study/study.h"

namespace cellm {

struct StudyJobOptions {
  StudyOptions study;
  // The cellm program, whose processes measure speed and memory; needed if they are measured.
  std::filesystem::path program;
};

// Runs run_study(). Finished steps are stored, so that the same options resume a cancelled run.
// Progress is that of the whole study; the message of an event names the current step. Formats that
// data determine are made by run_convert() and run_tune().
nlohmann::ordered_json run_study_job(const StudyJobOptions& options, const JobControl& control);

// Runs study_plan().
nlohmann::ordered_json plan_study(const StudyJobOptions& options, const JobControl& control);

// Runs run_planned(): one job of the plan.
void run_planned_job(const StudyJobOptions& options, const std::string& name,
                     const JobControl& control);

}  // namespace cellm
