#include <algorithm>
#include <memory>
#include <set>

#include <fmt/ranges.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/convert_arguments.h"
#include "cli/convert_time.h"
#include "cli/own_windows.h"
#include "cli/plan_table.h"
#include "cli/progress.h"
#include "cli/tuning.h"
#include "convert/calibrate.h"
#include "convert/calibrated_conversion.h"
#include "convert/convert.h"
#include "convert/target_bits.h"
#include "convert/validate.h"
#include "eval/evaluate.h"
#include "eval/model_facts.h"
#include "eval/report.h"

namespace cellm {
namespace {

// What the user may want to know before the next command fails.
void print_hints(const ConvertPlan& plan) {
  std::uint64_t extra = 0;
  for (const auto& tensor : plan.tensors) {
    const TensorClass c = tensor_class(tensor.info);
    if (c == TensorClass::kVision || c == TensorClass::kMtp)
      extra += tensor.code_bytes + tensor.scale_bytes;
  }
  if (extra != 0) {
    fmt::print(stderr,
               "note: {} of vision and multi-token prediction, which cellm does not run, are kept; "
               "--text-only leaves them out\n",
               human_bytes(extra));
  }
  bool tokenizer = false;
  for (const auto& blob : plan.blobs) tokenizer = tokenizer || blob.name == "tokenizer";
  if (!tokenizer) {
    fmt::print(stderr, "note: the source has no tokenizer; infer will need --tokenizer\n");
  }
}

// Runs the source's model over the text; its memory is free again before converting starts.
Statistics run_calibration(const ConvertArguments& arguments,
                           const std::shared_ptr<const OpenedModel>& source,
                           const CalibrationText& text) {
  const Engine engine(source, engine_options(arguments.threads, Activations::kF32));
  ProgressBar bar("calibrating", !arguments.quiet);
  return calibrate(engine, text,
                   [&](std::uint64_t done, std::uint64_t total) { bar.update(done, total); });
}

// The second moments of a matrix's input have as many directions as it has columns. With fewer
// tokens most of them are unknown, and errors are passed on into what is not known.
void require_enough_text(const ConvertArguments& arguments, std::string_view name,
                         const CalibrationText& text, std::size_t cols) {
  constexpr std::size_t kGood = 4;
  const std::uint64_t tokens = text.label.tokens;
  if (tokens < cols) {
    throw usage_error(
        "--calibrate {}: {} tokens are too few for matrices of {} columns; error feedback needs at "
        "least {} and is good from {} on (--feedback off needs none)",
        printable(name), tokens, cols, cols, kGood * cols);
  }
  if (tokens < kGood * cols && !arguments.quiet) {
    fmt::print(stderr,
               "note: {} tokens of calibration are few for matrices of {} columns; {} or more make "
               "a better file\n",
               tokens, cols, kGood * cols);
  }
  std::set<std::uint32_t> different;
  for (const auto& window : text.windows) different.insert(window.begin(), window.end());
  constexpr std::size_t kFewTokens = 64;
  if (different.size() < kFewTokens && !arguments.quiet) {
    fmt::print(stderr, "note: {} has {} different tokens; a file made by it fits little else\n",
               printable(name), different.size());
  }
}

bool has_trellis_codes(const ConvertPlan& plan) {
  return std::any_of(plan.tensors.begin(), plan.tensors.end(),
                     [](const PlannedTensor& tensor) { return tensor.layout->has_trellis_code; });
}

void print_feedback_notes(const CalibratedTensors& codes) {
  if (codes.resumed != 0) {
    fmt::print(stderr, "note: {} of {} coded tensors are those of the run before\n", codes.resumed,
               codes.tensors.size());
  }
  if (!codes.without_feedback.empty()) {
    constexpr std::size_t kNamed = 8;
    const auto& names = codes.without_feedback;
    const std::size_t named = std::min(kNamed, names.size());
    fmt::print(stderr,
               "note: no error feedback for {} tensors, whose inputs on this text are all zero or "
               "not finite: {}{}\n",
               names.size(),
               fmt::join(names.begin(), names.begin() + static_cast<long>(named), ", "),
               named < names.size() ? ", ..." : "");
  }
  fmt::print(stderr, "calibration: {:.1f} s forward, {:.1f} s second moments, {:.1f} s coding\n",
             codes.forward, codes.moments, codes.coding);
}

// What is going to be written, and by which text.
struct Conversion {
  ConvertOptions options;
  ConvertPlan plan;
  std::optional<CalibrationText> text;
  std::optional<CalibrationText> tuning_text;
  bool feedback = false;              // whether errors are made up for along the text
  std::uint64_t source_checksum = 0;  // model_checksum(), where something is coded along the text
  std::unique_ptr<QuantizedStore> probe;  // what the search for formats keeps on disk
};

// Windows beside kHeldOutWindows by which tuning tells what is better; more of them come from what
// the model writes.
constexpr std::size_t kTuningWindows = 4;

// What tuning chooses by must not be what the result is measured on.
void set_tuning_windows_apart(const ConvertArguments& arguments, Conversion& conversion) {
  if (tuning_tokens(arguments) == 0) return;
  CalibrationText& text = *conversion.text;
  CalibrationText& apart = conversion.tuning_text.emplace(text);
  apart.held_out.clear();
  for (std::size_t i = 0; i < kTuningWindows && text.held_out.size() > 1; ++i) {
    apart.held_out.push_back(std::move(text.held_out.back()));
    text.held_out.pop_back();
  }
}

CalibrationText calibration_text(const ConvertArguments& arguments,
                                 const std::shared_ptr<const OpenedModel>& source,
                                 const std::string& from, std::size_t held_out) {
  if (!is_own_text(from)) {
    return read_calibration_text(from, *source, arguments.calibrate_tokens, arguments.seed,
                                 held_out);
  }
  const Engine engine(source, engine_options(arguments.threads, Activations::kFast));
  return own_calibration_text(from, engine, arguments.calibrate_tokens, held_out, arguments.seed,
                              arguments.quiet);
}

Conversion prepare(const ConvertArguments& arguments,
                   const std::shared_ptr<const OpenedModel>& source) {
  Conversion conversion{options_of(arguments), {}, {}, {}, false, 0, nullptr};
  conversion.plan = plan_conversion(*source, conversion.options);
  const bool searches = arguments.target_bpw != 0.0;
  if (searches) require_reachable(conversion.plan, conversion.options, target_bits(arguments));
  const std::string from =
      searches && arguments.calibrate.empty() ? std::string(kDefaultText) : arguments.calibrate;
  if (from.empty()) {
    if (tuning_tokens(arguments) != 0) {
      throw usage_error("--tune-tokens goes with --target-bpw and --calibrate");
    }
    return conversion;
  }
  conversion.feedback = arguments.feedback == "on";
  if (!conversion.feedback && has_trellis_codes(conversion.plan)) {
    throw usage_error("--feedback off: trellis codes use a text for error feedback only");
  }
  if (!has_codes(conversion.plan)) {
    throw usage_error("--calibrate: none of these formats has a scale to choose");
  }
  const std::size_t held_out =
      (searches ? kHeldOutWindows : 0) + (tuning_tokens(arguments) != 0 ? kTuningWindows : 0);
  conversion.text = calibration_text(arguments, source, from, held_out);
  set_tuning_windows_apart(arguments, conversion);
  conversion.text->label.feedback = conversion.feedback;
  if (conversion.feedback) {
    require_enough_text(arguments, from, *conversion.text, widest_quantized_input(conversion.plan));
  }
  conversion.options.calibration = conversion.text->label;
  conversion.plan = plan_conversion(*source, conversion.options);
  return conversion;
}

CalibratedOptions calibrated_options(const ConvertArguments& arguments,
                                     const Conversion& conversion, std::string_view state_suffix) {
  CalibratedOptions options;
  options.target = target_from_environment();
  if (!arguments.dry_run) options.state = arguments.output + std::string(state_suffix);
  options.source_checksum = fmt::format("{:016x}", conversion.source_checksum);
  return options;
}

CalibratedTensors run_feedback(const ConvertArguments& arguments, const OpenedModel& source,
                               const Conversion& conversion, ThreadPool& pool) {
  refuse_bad_values(source, conversion.plan, pool);
  ProgressBar bar("calibrating", !arguments.quiet);
  return quantize_along_text(
      source, conversion.plan, *conversion.text, pool,
      calibrated_options(arguments, conversion, ".partial"),
      [&](std::uint64_t done, std::uint64_t total) { bar.update(done, total); });
}

// Chooses the formats of --target-bpw.
void search_formats(const ConvertArguments& arguments, const OpenedModel& source,
                    Conversion& conversion, ThreadPool& pool) {
  refuse_bad_values(source, conversion.plan, pool);
  FoundFormats found;
  {
    ProgressBar bar(std::string(kCodingProbe), !arguments.quiet);
    found = find_formats(source, conversion.plan, conversion.options, target_bits(arguments),
                         *conversion.text, pool,
                         calibrated_options(arguments, conversion, ".probe.partial"),
                         [&](std::string_view stage, std::uint64_t done, std::uint64_t total) {
                           bar.set_label(std::string(stage));
                           bar.update(done, total);
                         });
  }
  conversion.options = found.options;
  conversion.probe = std::move(found.state);
  conversion.plan = plan_conversion(source, conversion.options);
  if (arguments.quiet) return;
  fmt::print(stderr,
             "formats for {:.3f} bits per weight, by the cost of {} parts measured one by one "
             "(together KLD {:.3f}):\n",
             bits_per_weight(conversion.plan), found.parts, found.predicted_kld);
  print_formats(conversion.plan);
}

// Compares the file with its source on text that it was not calibrated on, and writes the result
// into it.
void measure_quality(const ConvertArguments& arguments,
                     const std::shared_ptr<const OpenedModel>& source,
                     const Conversion& conversion) {
  const CalibrationText& text = *conversion.text;
  const Activations activations = Activations::kInt8;
  const Engine model(open_model(arguments.output, {arguments.links}),
                     engine_options(arguments.threads, activations));
  const Engine reference(source, engine_options(arguments.threads, Activations::kF32));
  EvalTokens tokens{"calibration text", {}, text.begin_tokens};
  const auto& windows = text.held_out.empty() ? text.windows : text.held_out;
  for (const auto& window : windows) {
    tokens.ids.insert(tokens.ids.end(), window.begin(), window.end());
  }
  EvalOptions options;
  options.window = windows.front().size();
  options.max_tokens = kHeldOutWindows * options.window;
  const EvalSubject subject{&model, KvEncoding::kF32};
  ProgressBar bar("comparing", !arguments.quiet);
  const Evaluation evaluation =
      evaluate({&subject, 1}, &reference, {&tokens, 1}, options,
               [&](std::size_t done, std::size_t total) { bar.update(done, total); })
          .front();
  const QualitySource from{
      .model = &model.source(),
      .reference = &reference.source(),
      .reference_checksum = conversion.source_checksum,
      .text_checksum = std::stoull(text.label.text_checksum, nullptr, 16),
      .activations = "int8",
      .kv_encoding = subject.kv_encoding,
  };
  store_quality(arguments.output, quality_of(evaluation, options, from));
  const Comparison& against = *evaluation.comparison;
  fmt::print(
      stderr,
      "{}: KLD {:.3f} ({:.3f} to {:.3f}) from the source, the same first choice in {:.1f} % "
      "of {} predictions, on {}\n",
      printable(arguments.output), against.kld_mean.value, against.kld_mean.low,
      against.kld_mean.high, 100.0 * against.top1.value, evaluation.predictions,
      text.held_out.empty() ? "the text it was calibrated on" : "text it was not calibrated on");
}

std::vector<BadValues> write_file(const ConvertArguments& arguments,
                                  const std::shared_ptr<const OpenedModel>& source,
                                  const Conversion& conversion, ThreadPool& pool,
                                  const std::optional<CalibratedTensors>& codes) {
  std::optional<Statistics> statistics;
  if (conversion.text && !conversion.feedback) {
    statistics = run_calibration(arguments, source, *conversion.text);
  }
  ProgressBar bar("converting", !arguments.quiet);
  return convert(
      *source, conversion.plan, arguments.output, pool,
      [&](std::uint64_t done, std::uint64_t total) { bar.update(done, total); },
      statistics ? &*statistics : nullptr, codes ? &codes->tensors : nullptr);
}

void tune(const ConvertArguments& arguments, const Conversion& conversion) {
  TuningOptions options;
  options.file = arguments.output;
  options.reference = arguments.input;
  options.calibration = &*conversion.tuning_text;
  options.tokens = tuning_tokens(arguments);
  options.threads = arguments.threads;
  options.links = arguments.links;
  options.quiet = arguments.quiet;
  const TuningResult result = tune_file(options);
  if (arguments.quiet) return;
  if (result.tokens == 0) {
    fmt::print(stderr, "note: tuning found no better scales\n");
  } else {
    fmt::print(stderr, "tuned on {} tokens: KLD {:.3f} -> {:.3f} on held-out text\n", result.tokens,
               result.before, result.after);
  }
}

void validate(const ConvertArguments& arguments, const std::shared_ptr<const OpenedModel>& source) {
  const auto report = validate_conversion(source, open_model(arguments.output), arguments.threads,
                                          target_from_environment());
  fmt::print(stderr,
             "validated: {} tensors, largest relative error {:.2e} ({}); logits differ by at "
             "most {:.4f}, "
             "{} of {} first choices equal\n",
             report.tensors, report.worst_error, report.worst_tensor, report.logit_difference,
             report.same_top, report.positions);
}

int run(const ConvertArguments& given) {
  const ConvertArguments arguments = with_bits_recipe(given);
  if (arguments.allow_nonfinite && arguments.validate_gguf) {
    throw usage_error(
        "--validate-gguf compares with the input as it is, not with --allow-nonfinite");
  }
  if (arguments.output.empty() && !arguments.dry_run)
    throw usage_error("--output is missing (--dry-run needs none)");
  const auto source = open_model(arguments.input, {arguments.links});
  if (arguments.dequant_4bit_affine) require_mlx_4bit(source->source());
  Conversion conversion = prepare(arguments, source);
  ThreadPool pool(arguments.threads);
  const std::string expected = expectation(given.recipe);
  if (!expected.empty() && !arguments.quiet) fmt::print(stderr, "{}\n", expected);
  const bool searches = arguments.target_bpw != 0.0;
  if (conversion.feedback && (searches || !arguments.dry_run)) {
    conversion.source_checksum = source->checksum();
    if (!arguments.quiet) {
      const KernelTable& kernels = kernel_table(target_from_environment().c_str());
      fmt::print(
          stderr, "this takes about {}\n",
          describe(expected_times(arguments, conversion.plan, *conversion.text, kernels, pool)));
    }
  }
  StageClock clock;
  if (searches) {
    search_formats(arguments, *source, conversion, pool);
    clock.finish("formats");
  }
  const ConvertPlan& plan = conversion.plan;
  if (arguments.dry_run) {
    if (arguments.json) {
      print_plan_json(plan);
    } else {
      print_plan(plan);
    }
    return 0;
  }
  std::optional<CalibratedTensors> codes;
  if (conversion.feedback) codes = run_feedback(arguments, *source, conversion, pool);
  const auto replaced = write_file(arguments, source, conversion, pool, codes);
  clock.finish("codes");
  if (!arguments.quiet) {
    print_hints(plan);
    if (codes) print_feedback_notes(*codes);
    if (!replaced.empty()) fmt::print(stderr, "note: replaced: {}\n", describe(replaced));
    fmt::print(stderr, "{}: {} ({} bytes), {:.3f} bits per weight\n", printable(arguments.output),
               human_bytes(plan.file_bytes), plan.file_bytes, bits_per_weight(plan));
  }
  const auto state = codes ? std::move(codes->state) : nullptr;
  codes.reset();
  if (conversion.tuning_text) {
    tune(arguments, conversion);
    clock.finish("tuning");
  }
  if (state) state->remove();
  if (conversion.probe) conversion.probe->remove();
  if (searches) {
    measure_quality(arguments, source, conversion);
    clock.finish("comparing");
  }
  if (conversion.feedback && !arguments.quiet)
    fmt::print(stderr, "took {}\n", describe(clock.times()));
  if (arguments.validate_gguf) validate(arguments, source);
  return 0;
}

Run configure(CLI::App& app) {
  auto arguments = std::make_shared<ConvertArguments>();
  auto& a = *arguments;
  app.add_option("-i,--input", a.input, "Hugging Face folder, .gguf or .cellm file")->required();
  app.add_option("-o,--output", a.output,
                 ".cellm file to write; replaced only when the new one is whole");
  app.add_option("--dtype", a.dtype, "Format of what is not quantized: f16")
      ->check(CLI::IsMember({"f16"}));

  const char* study = "The study's modes, with its rules of which tensors";
  app.add_flag("--quantize-int8-symmetric", a.int8, "int8 with a scale per row")->group(study);
  app.add_flag("--quantize-int4-symmetric", a.int4, "int4 with a scale per row")->group(study);
  app.add_flag("--quantize-int2-symmetric", a.int2, "int2 with a scale per row")->group(study);
  app.add_flag("--quantize-int1-symmetric", a.int1, "1 bit with a scale per 128")->group(study);
  app.add_flag("--quantize-fp8-e4m3", a.fp8, "8-bit floats")->group(study);
  app.add_option(
         "--recipe", a.recipe,
         "A variant of the study: int8, int4-g32, mixed-int4, int4-g128, test-i4, int4-aggressive; "
         "or one of --target-bpw: small (3.25), tiny (2.25)")
      ->group(study);

  const char* general = "The general form, for every model";
  app.add_option(
         "-f,--format", a.format,
         "Format of the layers: f16, int8, int4, int4-g32, int4-g128, int2, q1, fp8, and the "
         "trellis codes t4, t3, t2, t1h (1.5 bits), t1")
      ->group(general);
  app.add_option("--target-bpw", a.target_bpw,
                 "Instead of --format: bits per weight that the whole file may have, but for what "
                 "--embedding, --lm-head and --tensor name. Measures what each part of the model "
                 "costs at 2 bits, gives each the trellis code (or int8) with which the model "
                 "suffers least, and compares the file with its source. Calibrates on the default "
                 "text unless told otherwise, and leaves out what --text-only does")
      ->group(general)
      ->check(CLI::Range(0.5, 16.0));
  app.add_option("--embedding", a.embedding,
                 "Format of the embedding (default int8; f16 with --format f16)")
      ->group(general);
  app.add_option("--lm-head", a.lm_head,
                 "Format of the output matrix (default: that of the embedding)")
      ->group(general);
  app.add_option(
         "--tensor", a.tensors,
         "REGEX=FORMAT for the matrices whose name it is found in; repeatable, the last match wins")
      ->group(general);

  const char* rounding = "How codes are chosen";
  app.add_option("--scale", a.scale,
                 "absmax: by the largest weight, as the study does; mse: by the least squared "
                 "error; auto: the better for each format (default with --format and --calibrate)")
      ->group(rounding)
      ->check(CLI::IsMember({"absmax", "mse", "auto"}));
  auto* calibrate_option =
      app.add_option(
             "--calibrate", a.calibrate,
             "Text to run the model on first, a file, \"default\", or what the model itself "
             "writes (\"self\") or answers (\"chat\"): codes are then chosen for the inputs "
             "that they are multiplied with, each making up for the errors of those before "
             "it. A killed run goes on when it is repeated")
          ->group(rounding);
  app.add_option("--calibrate-tokens", a.calibrate_tokens, "Tokens of the text to use at most")
      ->group(rounding)
      ->capture_default_str()
      ->needs(calibrate_option)
      ->check(CLI::Range(kCalibrationWindow, std::size_t{1} << 32));
  app.add_option("--seed", a.seed,
                 "Draw the windows of the text at random by this seed (0: spread evenly)")
      ->group(rounding)
      ->capture_default_str()
      ->needs(calibrate_option);
  app.add_option("--feedback", a.feedback,
                 "off: only weigh errors by the text and do not make up for them (faster, worse)")
      ->group(rounding)
      ->capture_default_str()
      ->needs(calibrate_option)
      ->check(CLI::IsMember({"on", "off"}));

  app.add_option("--tune-tokens", a.tune_tokens,
                 fmt::format("Afterwards train scales and norms on so many tokens, as the command "
                             "tune does; 0: not [{} with --target-bpw]",
                             kTuningTokens))
      ->group(rounding)
      ->check(CLI::Range(std::size_t{0}, std::size_t{1} << 32));

  app.add_flag("--text-only", a.text_only, "Leave out vision and multi-token prediction");
  app.add_flag("--packed", a.packed,
               "Store matrices in the order in which the engine reads them: the file is ready at "
               "once, without a copy in memory, but only cellm can read it");
  app.add_option("--rotation-seed", a.rotation,
                 "Which random rotation trellis-coded matrices get (default 0)");
  app.add_flag("--no-tokenizer", a.no_tokenizer, "Do not put the tokenizer into the file");
  app.add_flag("--dequant-4bit-affine", a.dequant_4bit_affine,
               "The input is an MLX 4-bit folder (recognised without it; with it, anything else is "
               "refused)");
  app.add_flag("--validate-gguf", a.validate_gguf,
               "Afterwards compare tensors and logits with the input");
  app.add_flag("--allow-nonfinite", a.allow_nonfinite,
               "Write NaN as 0, and infinity and values beyond the format as its largest value, "
               "instead of refusing the input");
  add_follow_links(app, a.links);
  app.add_flag("--dry-run", a.dry_run, "Print what would be written and write nothing");
  app.add_flag("--json", a.json, "Print the plan of --dry-run as JSON");
  app.add_option("-t,--threads", a.threads, "Threads (default: one per physical core)")
      ->check(CLI::Range(1, 1024));
  app.add_flag("-q,--quiet", a.quiet, "No progress and no notes");
  app.footer(
      "Examples:\n"
      "  convert --input Qwen3.5-0.8B --output qwen-int4.cellm --format int4-g32 --text-only\n"
      "  convert --input Qwen3.5-0.8B --output qwen-small.cellm --target-bpw 2.5\n"
      "  convert --input Qwen3.5-0.8B --output qwen-i4.cellm --dtype f16 "
      "--quantize-int4-symmetric\n"
      "  convert --input model.gguf --output model.cellm --format int8 --tensor 'down_proj=f16'\n"
      "  convert --input Qwen3-0.6B --output qwen3.cellm --format int4-g32 --calibrate text.txt\n"
      "  convert --input model.gguf --output int2.cellm --quantize-int2-symmetric --scale mse\n"
      "  convert --input Qwen3-0.6B --recipe mixed-int4 --dry-run");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kConvertCommand{
    "convert", "Convert a Hugging Face folder or a GGUF file to a .cellm file", configure};

}  // namespace cellm
