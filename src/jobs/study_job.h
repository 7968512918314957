// A study as a job: one model in many formats, measured, as a document and a report.
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

// run_study(). Finished steps are kept, so that the same options go on where a cancelled run
// stopped. Progress is that of the whole study; the
// message of an event says what is done now.
nlohmann::ordered_json run_study_job(const StudyJobOptions& options, const JobControl& control);

}  // namespace cellm
