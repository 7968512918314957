#include "jobs/study_job.h"

#include <algorithm>
#include <cstdint>
#include <variant>

#include <nlohmann/json.hpp>

#include "jobs/convert_job.h"
#include "jobs/speed_process.h"
#include "jobs/tune_job.h"
#include "study/plan.h"

namespace cellm {
namespace {

JobControl control_of(const StageProgress& progress) {
  return JobControl([progress](const Event& event) {
    if (!event.note) progress(event.done, event.total);
  });
}

void tune_file(const StudyOptions& study, const std::filesystem::path& base,
               const std::filesystem::path& output, const JobControl& control) {
  TuneJobOptions job;
  job.file = base;
  job.reference = study.source;
  job.output = output;
  job.tuning.tokens = study.tune_tokens.value_or(kTuningTokens);
  job.tuning.threads = study.threads;
  job.tuning.target = study.target;
  job.links = study.links;
  run_tune(job, control);
}

FormatRequest request_of(const StudyFormat& format) {
  if (format.making == StudyMaking::kBits) return TargetRequest{format.bits, {}, {}};
  if (const auto* mode = std::get_if<StudyMode>(&format.options.formats)) return *mode;
  const auto& general = std::get<GeneralFormats>(format.options.formats);
  return GeneralRequest{general.body, general.embedding, general.lm_head};
}

void calibrate_file(const StudyOptions& study, const StudyFormat& format,
                    const std::filesystem::path& output, const JobControl& control) {
  ConvertJobOptions job;
  job.input = study.source;
  job.output = output;
  job.formats = request_of(format);
  job.calibration.emplace();
  if (format.making == StudyMaking::kBits) job.tune_tokens = study.tune_tokens;
  job.threads = study.threads;
  job.target = study.target;
  job.links = study.links;
  run_convert(job, control);
}

StudyHooks hooks_of(const StudyJobOptions& options, const JobControl& control) {
  StudyHooks hooks;
  hooks.measure_speed = [&](const std::filesystem::path& file,
                            const std::vector<std::uint32_t>& prompt, std::size_t tokens) {
    try {
      return measure_speed(options.program, file, prompt, tokens, options.study.threads);
    } catch (const Error&) {
      control.check();  // Ctrl-C reaches the child as well
      throw;
    }
  };
  hooks.progress = [&](const std::string& what, double done, double total) {
    control.progress(kStageStudy, static_cast<std::uint64_t>(std::min(done, total)),
                     static_cast<std::uint64_t>(total), what);
  };
  hooks.make_trained = [&](const StudyFormat& format, const std::filesystem::path& base,
                           const std::filesystem::path& output, const StageProgress& progress) {
    if (format.making == StudyMaking::kTuned) {
      tune_file(options.study, base, output, control_of(progress));
    } else {
      calibrate_file(options.study, format, output, control_of(progress));
    }
  };
  return hooks;
}

}  // namespace

nlohmann::ordered_json run_study_job(const StudyJobOptions& options, const JobControl& control) {
  return run_study(options.study, hooks_of(options, control));
}

nlohmann::ordered_json plan_study(const StudyJobOptions& options, const JobControl& control) {
  return study_plan(options.study, hooks_of(options, control));
}

void run_planned_job(const StudyJobOptions& options, const std::string& name,
                     const JobControl& control) {
  run_planned(options.study, hooks_of(options, control), name);
}

}  // namespace cellm
