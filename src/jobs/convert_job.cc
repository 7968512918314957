#include "jobs/convert_job.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/advice.h"
#include "base/atomic_file.h"
#include "convert/calibrated_conversion.h"
#include "convert/output.h"
#include "engine/engine.h"
#include "eval/evaluate.h"
#include "eval/report.h"
#include "jobs/conversion_text.h"
#include "jobs/convert_request.h"
#include "jobs/convert_times.h"
#include "jobs/draft_file.h"

namespace cellm {
namespace {

// A running conversion.
struct Conversion {
  const ConvertJobOptions& job;
  const JobControl& control;
  ConvertRequest request;
  std::shared_ptr<const OpenedModel> source;
  ThreadPool& pool;
  ConvertPlan plan = {};
  std::optional<ConversionText> text = std::nullopt;
  bool feedback = false;  // whether it quantizes with error feedback
  std::unique_ptr<QuantizedStore> probe_state = nullptr;
  StageClock clock = {};

  EngineOptions engine(Activations activations) const {
    return {job.target, job.threads, kAllLayers, activations};
  }
  std::filesystem::path state(std::string_view suffix) const {
    return job.output.string() + std::string(suffix);
  }
};

bool has_trellis_codes(const ConvertPlan& plan) {
  return std::any_of(plan.tensors.begin(), plan.tensors.end(),
                     [](const PlannedTensor& tensor) { return tensor.layout->has_trellis_code; });
}

// Plans the file and reads the calibration text, if any.
void prepare(Conversion& c) {
  ConvertOptions& options = c.request.options;
  c.plan = plan_conversion(*c.source, options);
  if (c.request.target) require_reachable(c.plan, options, *c.request.target);
  if (!c.request.calibration) return;
  const CalibrationRequest& wanted = *c.request.calibration;
  c.feedback = wanted.feedback;
  if (!c.feedback && has_trellis_codes(c.plan)) {
    throw usage_error(AdviceKind::kFeedback, "trellis codes use a text for error feedback only");
  }
  const bool targets = c.feedback && wanted.corrected_targets;
  if (!has_codes(c.plan) && !(targets && is_coded(c.plan))) {
    throw usage_error(AdviceKind::kCalibration, "none of these formats has a scale to choose");
  }
  c.text = conversion_text(c.source, c.request, c.engine(Activations::kInt8), c.control);
  if (c.feedback) {
    require_enough_text(*c.text, wanted.text, widest_quantized_input(c.plan), c.control);
  }
  options.calibration = c.text->calibration.label;
  c.plan = plan_conversion(*c.source, options);
}

CalibratedOptions calibrated_options(const Conversion& c, std::string_view state_suffix) {
  CalibratedOptions options;
  options.target = c.job.target;
  if (!c.job.plan_only) options.state = c.state(state_suffix);
  options.source_checksum = fmt::format("{:016x}", c.source->checksum());
  if (!c.request.calibration->corrected_targets) options.targets.reset();
  return options;
}

// Called before the expensive pass over the text.
void refuse_bad_values(const Conversion& c) {
  cellm::refuse_bad_values(*c.source, c.plan, c.pool,
                           [&](std::uint64_t, std::uint64_t) { c.control.check(); });
}

// Searches the formats for a target of bits per weight.
void search_formats(Conversion& c) {
  refuse_bad_values(c);
  FoundFormats found =
      find_formats(*c.source, c.plan, c.request.options, *c.request.target, c.text->calibration,
                   c.pool, calibrated_options(c, ".probe.partial"),
                   [&](std::string_view stage, std::uint64_t done, std::uint64_t total) {
                     c.control.progress(stage, done, total);
                   });
  c.request.options = found.options;
  c.probe_state = std::move(found.state);
  c.plan = plan_conversion(*c.source, c.request.options);
  c.control.note(FormatsNote{&c.plan, found.parts, found.predicted_kld});
  c.clock.finish("formats");
}

void note_expectations(const Conversion& c) {
  if (c.request.recipe) c.control.note(*c.request.recipe);
  if (!c.feedback || (c.job.plan_only && !c.request.target)) return;
  const KernelTable& kernels = kernel_table(c.job.target.c_str());
  c.control.note(ExpectedTimesNote{
      expected_times(c.request, c.job.plan_only, c.plan, c.text->calibration, kernels, c.pool)});
}

CalibratedTensors run_feedback(const Conversion& c) {
  refuse_bad_values(c);
  return quantize_along_text(*c.source, c.plan, c.text->calibration, c.pool,
                             calibrated_options(c, ".partial"), c.control.stage(kStageCalibrating));
}

std::vector<BadValues> write_file(const Conversion& c, const std::filesystem::path& path,
                                  const QuantizedTensors* quantized) {
  std::optional<Statistics> statistics;
  if (c.text && !c.feedback) {
    const Engine engine(c.source, c.engine(Activations::kF32));
    statistics = calibrate(engine, c.text->calibration, c.control.stage(kStageCalibrating));
  }
  return convert(*c.source, c.plan, path, c.pool, c.control.stage(kStageConverting),
                 statistics ? &*statistics : nullptr, quantized);
}

void note_kept_as_floats(const Conversion& c) {
  KeptAsFloatsNote note;
  for (const PlannedTensor& tensor : c.plan.tensors) {
    if (tensor.kept != Kept::kValues || tensor.info.shape.size() != 2) continue;
    if (tensor.bytes() <= tensor.info.stored_bytes) continue;
    ++note.tensors;
    note.bytes += tensor.bytes();
    note.stored_bytes += tensor.info.stored_bytes;
  }
  if (note.tensors != 0) c.control.note(note);
}

void note_targets(const Conversion& c, const CalibratedTensors& quantized) {
  if (quantized.targets.empty()) return;
  TargetsNote note;
  double sum = 0.0;
  for (const TargetChange& target : quantized.targets) {
    if (!std::isfinite(target.relative)) {
      note.overflowed.push_back(target.tensor);
      continue;
    }
    ++note.tensors;
    sum += target.relative;
    if (target.relative > kMostTargetChange) note.limited.push_back(target.tensor);
    if (target.relative < note.largest) continue;
    note.largest = target.relative;
    note.largest_tensor = target.tensor;
  }
  if (note.tensors != 0) note.mean = sum / static_cast<double>(note.tensors);
  c.control.note(note);
}

void note_file(const Conversion& c, const CalibratedTensors* quantized,
               const std::vector<BadValues>& replaced) {
  std::uint64_t unused = 0;
  for (const PlannedTensor& tensor : c.plan.tensors) {
    const TensorClass kind = tensor_class(tensor);
    if (kind == TensorClass::kVision || kind == TensorClass::kMtp) unused += tensor.bytes();
  }
  if (unused != 0) c.control.note(UnusedTensorsNote{unused});
  for (std::string& text : c.source->notes()) c.control.note(SourceNote{std::move(text)});
  for (const std::string& text : c.plan.notes) c.control.note(SourceNote{text});
  const bool tokenizer = std::any_of(c.plan.blobs.begin(), c.plan.blobs.end(),
                                     [](const auto& blob) { return blob.name == kTokenizerBlob; });
  if (!tokenizer && c.plan.container == Container::kCellm) c.control.note(NoTokenizerNote{});
  if (quantized != nullptr) {
    if (quantized->resumed != 0)
      c.control.note(ResumedNote{quantized->resumed, quantized->tensors.size()});
    if (!quantized->without_feedback.empty())
      c.control.note(NoFeedbackNote{quantized->without_feedback});
    note_targets(c, *quantized);
    c.control.note(
        CalibrationTimesNote{quantized->forward, quantized->moments, quantized->quantizing});
  }
  note_kept_as_floats(c);
  if (!replaced.empty()) c.control.note(ReplacedValuesNote{replaced});
  c.control.note(FileNote{c.plan.file_bytes, bits_per_weight(c.plan)});
}

TuneResult tune_file(const Conversion& c, const std::filesystem::path& file) {
  TuneTask task;
  task.file = file;
  task.state = c.state(".tune.partial");
  task.reference_name = c.job.input.string();
  task.reference = [&] { return c.source; };
  task.calibration = &*c.text->tuning;
  TuneOptions options;
  options.tokens = c.request.tune_tokens;
  options.threads = c.job.threads;
  options.target = c.job.target;
  const TuneResult result = tune(task, options, c.control);
  c.control.note(result);
  return result;
}

// Compares the file with its source on text that it was not calibrated on, and writes the result
// into it.
QualityNote measure_quality(const Conversion& c, const std::filesystem::path& file) {
  const CalibrationText& text = c.text->calibration;
  const Engine model(open_model(file), c.engine(Activations::kInt8));
  const Engine reference(c.source, c.engine(Activations::kF32));
  EvalTokens tokens{"calibration text", {}, text.begin_tokens};
  const auto& windows = text.held_out.empty() ? text.windows : text.held_out;
  for (const auto& window : windows)
    tokens.ids.insert(tokens.ids.end(), window.begin(), window.end());
  EvalOptions options;
  options.window = windows.front().size();
  options.max_tokens = kHeldOutWindows * options.window;
  const EvalSubject subject{&model, KvEncoding::kF32};
  const Evaluation evaluation =
      evaluate({&subject, 1}, &reference, {&tokens, 1}, options, c.control.stage(kStageComparing))
          .front();
  const QualitySource from{
      .model = &model.source(),
      .reference = &reference.source(),
      .reference_checksum = c.source->checksum(),
      .text_checksum = std::stoull(text.label.text_checksum, nullptr, 16),
      .activations = "int8",
      .kv_encoding = subject.kv_encoding,
  };
  if (model.source().cellm_file() == nullptr) {  // only .cellm files hold it
    return {*evaluation.comparison, evaluation.predictions, !text.held_out.empty()};
  }
  store_quality(*model.source().cellm_file(), quality_of(evaluation, options, from));
  return {*evaluation.comparison, evaluation.predictions, !text.held_out.empty()};
}

struct OpenedInput {
  std::shared_ptr<const OpenedModel> model;
  std::vector<LoraLabel> adapters;
};

// The input with its adapters merged.
OpenedInput open_input(const ConvertJobOptions& options) {
  const OpenOptions open{options.links, {}};
  if (options.adapters.empty()) return {open_model(options.input, open), {}};
  MergedModel merged = open_merged_model(options.input, options.adapters, options.links);
  return {std::make_shared<const OpenedModel>(std::move(merged.source), open),
          std::move(merged.adapters)};
}

// The stages after the choice of formats.
void write_and_improve(Conversion& c, ConvertResult& result) {
  // Later stages change the file, so it is a draft until then.
  const bool draft = c.text && (c.text->tuning || c.request.target);
  DraftFile file(c.job.output, draft);
  std::optional<CalibratedTensors> quantized;
  if (c.feedback) quantized = run_feedback(c);
  result.replaced = write_file(c, file.path(), quantized ? &quantized->tensors : nullptr);
  c.clock.finish("codes");
  note_file(c, quantized ? &*quantized : nullptr, result.replaced);
  const auto state = quantized ? std::move(quantized->state) : nullptr;
  quantized.reset();
  if (c.text && c.text->tuning) {
    result.tuned = tune_file(c, file.path());
    c.clock.finish("tuning");
  }
  if (c.request.target) {
    result.quality = measure_quality(c, file.path());
    c.clock.finish("comparing");
  }
  file.publish();
  if (state) state->remove();
  if (c.probe_state) c.probe_state->remove();
  std::error_code ignored;
  if (result.tuned) std::filesystem::remove(c.state(".tune.partial"), ignored);
  if (result.quality) c.control.note(*result.quality);
  if (c.feedback) c.control.note(TimesNote{c.clock.times()});
}

}  // namespace

ConvertResult run_convert(const ConvertJobOptions& options, const JobControl& control) {
  ConvertRequest request = resolve(options);
  OpenedInput input = open_input(options);
  request.options.adapters = std::move(input.adapters);
  if (request.options.container == Container::kFolder &&
      std::holds_alternative<KeptFormats>(request.options.formats)) {
    const FormatChoice choice = folder_choice(input.model->source());
    request.options.formats = GeneralFormats{choice, choice, choice};
  }
  if (options.output.empty() && !options.plan_only) throw usage_error("the output has no name");
  ThreadPool pool(options.threads);
  Conversion c{options, control, std::move(request), std::move(input.model), pool};
  if (options.require_mlx_4bit) require_mlx_4bit(c.source->source());
  prepare(c);
  note_expectations(c);
  c.clock = {};
  if (c.request.target) search_formats(c);
  ConvertResult result;
  if (!options.plan_only) write_and_improve(c, result);
  if (!options.plan_only && options.validate) {
    result.validation = validate_conversion(c.source, open_model(options.output), options.threads,
                                            options.target, control.stage(kStageValidating));
    control.note(ValidatedNote{*result.validation});
  }
  result.plan = std::move(c.plan);
  return result;
}

}  // namespace cellm
