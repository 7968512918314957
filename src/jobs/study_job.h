// The study as a job.
#pragma once

#include "io/json.h"
#include "jobs/job.h"
#include "study/study.h"

namespace cellm {

struct StudyJobOptions {
  StudyOptions study;
  // Hooks of the study (StudyHooks).
  decltype(StudyHooks::measure_speed) measure_speed;
  decltype(StudyHooks::flags) flags;
};

// Runs run_study(). Finished steps are stored, so that the same options resume a cancelled run.
// Progress is that of the whole study; the message of an event names the current step.
nlohmann::ordered_json run_study_job(const StudyJobOptions& options, const JobControl& control);

}  // namespace cellm
