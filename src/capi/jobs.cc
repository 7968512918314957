#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "capi/handles.h"
#include "format/format_choice.h"
#include "jobs/convert_job.h"
#include "jobs/evaluate_job.h"
#include "jobs/study_job.h"
#include "jobs/tune_job.h"

using namespace cellm;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Reports progress to the caller, whose wish to end the job leaves the event as an exception.
JobControl control_of(const cellm_job_control* given) {
  const auto control = options_of(given, "cellm_job_control");
  const auto events = [control](const Event& event) {
    if (control.on_progress == nullptr || event.note) return;
    const std::string stage(event.stage);
    if (control.on_progress(control.user, stage.c_str(), event.done, event.total) != 0) {
      throw Cancelled();
    }
  };
  return JobControl(events, control.cancel == nullptr ? nullptr : &control.cancel->token);
}

FormatRequest formats_of(const cellm_convert_options& o) {
  std::optional<FormatChoice> embedding;
  if (o.embedding != nullptr) embedding = parse_format_choice(o.embedding);
  if (o.target_bits != 0.0) {
    if (o.format != nullptr) throw usage_error("give a format or target_bits, not both");
    return TargetRequest{.bits_per_weight = o.target_bits, .embedding = embedding, .lm_head = {}};
  }
  return named_request(o.format == nullptr ? kDefaultFormat : o.format, embedding);
}

StudyJobOptions study_options(const cellm_study_options& o) {
  StudyJobOptions job;
  StudyOptions& study = job.study;
  study.source = &required(o.source, "source");
  study.hub_name = text_or_empty(o.hub_name);
  study.output = &required(o.output, "output");
  study.texts = texts_of<std::filesystem::path>(o.texts, o.text_count, "texts");
  study.formats = texts_of<std::string>(o.formats, o.format_count, "formats");
  study.files = texts_of<std::filesystem::path>(o.files, o.file_count, "files");
  study.publish = text_or_empty(o.publish);
  job.program = text_or_empty(o.program);
  if (o.speed_runs != 0 && job.program.empty())
    throw usage_error("speed is measured by the program cellm; say where it is");
  study.speed_runs = o.speed_runs;
  study.tokens = o.tokens;
  if (o.window != 0) study.window = o.window;
  if (o.generate != 0) study.generate = o.generate;
  study.sensitivity_tokens = o.sensitivity_tokens;
  if (o.tune_tokens != 0) study.tune_tokens = o.tune_tokens;
  study.keep = o.remove_files == 0;
  study.links = links_of(o.follow_links);
  study.target = text_or_empty(o.target);
  study.threads = o.threads;
  return job;
}

}  // namespace

cellm_status cellm_cancel_new(cellm_cancel** cancel) {
  return guarded([&] {
    cellm_cancel*& out = required(cancel, "cancel");
    out = new cellm_cancel;
  });
}

void cellm_cancel_request(cellm_cancel* cancel) {
  if (cancel != nullptr) cancel->token.cancel();
}

void cellm_cancel_free(cellm_cancel* cancel) {
  delete cancel;
}

cellm_status cellm_convert(const cellm_convert_options* options, const cellm_job_control* control,
                           cellm_convert_result* result) {
  return guarded([&] {
    const auto o = options_of(&required(options, "options"), "cellm_convert_options");
    checked_result(result, "cellm_convert_result");
    ConvertJobOptions job;
    job.input = &required(o.input, "input");
    job.output = &required(o.output, "output");
    job.formats = formats_of(o);
    if (o.calibrate != nullptr) {
      job.calibration.emplace();
      job.calibration->text = o.calibrate;
    }
    if (o.tune_tokens != 0) job.tune_tokens = o.tune_tokens;
    job.text_only = o.text_only != 0;
    job.packed = o.packed != 0;
    job.links = links_of(o.follow_links);
    job.target = text_or_empty(o.target);
    job.threads = o.threads;
    const ConvertResult done = run_convert(job, control_of(control));
    give_result(
        cellm_convert_result{.size = 0,
                             .file_bytes = done.plan.file_bytes,
                             .bits_per_weight = bits_per_weight(done.plan),
                             .kld = done.quality ? done.quality->comparison.kld_mean.value : kNone},
        result);
  });
}

cellm_status cellm_tune(const cellm_tune_options* options, const cellm_job_control* control,
                        cellm_tune_result* result) {
  return guarded([&] {
    const auto o = options_of(&required(options, "options"), "cellm_tune_options");
    checked_result(result, "cellm_tune_result");
    TuneJobOptions job;
    job.file = &required(o.file, "file");
    job.reference = &required(o.reference, "reference");
    job.output = text_or_empty(o.output);
    if (o.text != nullptr) job.tuning.texts.emplace_back(o.text);
    if (o.tokens != 0) job.tuning.tokens = o.tokens;
    job.links = links_of(o.follow_links);
    job.tuning.target = text_or_empty(o.target);
    job.tuning.threads = o.threads;
    const TuneResult done = run_tune(job, control_of(control));
    give_result(
        cellm_tune_result{
            .size = 0, .kld_before = done.before, .kld_after = done.after, .tokens = done.tokens},
        result);
  });
}

cellm_status cellm_evaluate(const cellm_evaluate_options* options, const cellm_job_control* control,
                            cellm_evaluate_result* result) {
  return guarded([&] {
    const auto o = options_of(&required(options, "options"), "cellm_evaluate_options");
    checked_result(result, "cellm_evaluate_result");
    EvaluateJobOptions job;
    job.model = &required(o.model, "model");
    job.texts.emplace_back(&required(o.text, "text"));
    job.reference = text_or_empty(o.reference);
    if (o.window != 0) job.eval.window = o.window;
    job.eval.max_tokens = o.max_tokens;
    job.activations = activations_of(o.activations);
    job.floor = false;
    job.links = links_of(o.follow_links);
    job.target = text_or_empty(o.target);
    job.threads = o.threads;
    job.questions = text_or_empty(o.questions);
    if (o.answer_tokens != 0) job.answers.tokens = o.answer_tokens;
    const EvaluateResult done = run_evaluate(job, control_of(control));
    const Evaluation& evaluation = *done.evaluation;
    const auto& comparison = evaluation.comparison;
    const auto& answers = done.answers;
    const auto& of_reference = done.right_of_reference;
    give_result(
        cellm_evaluate_result{.size = 0,
                              .perplexity = evaluation.perplexity.value,
                              .predictions = evaluation.predictions,
                              .kld = comparison ? comparison->kld_mean.value : kNone,
                              .top1 = comparison ? comparison->top1.value : kNone,
                              .questions = done.questions.size(),
                              .right = answers ? answers->right.value : kNone,
                              .right_of_reference = of_reference ? of_reference->value : kNone,
                              .looping = answers ? answers->looping.value : kNone,
                              .distinct1 = answers ? answers->distinct[0] : kNone,
                              .distinct2 = answers ? answers->distinct[1] : kNone,
                              .distinct3 = answers ? answers->distinct[2] : kNone},
        result);
  });
}

cellm_status cellm_study(const cellm_study_options* options, const cellm_job_control* control,
                         cellm_study_result* result) {
  return guarded([&] {
    const auto o = options_of(&required(options, "options"), "cellm_study_options");
    checked_result(result, "cellm_study_result");
    const auto document = run_study_job(study_options(o), control_of(control));
    give_result(cellm_study_result{.size = 0, .formats = document.at("formats").size()}, result);
  });
}
