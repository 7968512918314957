#include "jobs/study_job.h"

#include <algorithm>
#include <cstdint>

#include <nlohmann/json.hpp>

namespace cellm {

nlohmann::ordered_json run_study_job(const StudyJobOptions& options, const JobControl& control) {
  StudyHooks hooks;
  hooks.measure_speed = options.measure_speed;
  hooks.flags = options.flags;
  hooks.progress = [&](const std::string& what, double done, double total) {
    control.progress(kStageStudy, static_cast<std::uint64_t>(std::min(done, total)),
                     static_cast<std::uint64_t>(total), what);
  };
  return run_study(options.study, hooks);
}

}  // namespace cellm
