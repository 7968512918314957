#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/child_process.h"
#include "cli/command.h"
#include "cli/interrupts.h"
#include "cli/job_display.h"
#include "io/json.h"
#include "jobs/study_job.h"
#include "study/document.h"
#include "study/formats.h"

namespace cellm {
namespace {

struct Arguments {
  StudyOptions study;
  std::vector<std::string> texts;
  std::vector<std::string> files;
  std::string source;
  std::string output;
  bool no_keep = false;
  bool quiet = false;
};

SpeedMeasurement measure_speed(const std::filesystem::path& file,
                               const std::vector<std::uint32_t>& prompt, std::size_t tokens,
                               unsigned threads) {
  std::vector<std::string> arguments{"infer",
                                     "--model",
                                     file.string(),
                                     "--tokens",
                                     fmt::format("{}", fmt::join(prompt, ",")),
                                     "--gen",
                                     std::to_string(tokens),
                                     "--temperature",
                                     "0",
                                     "--stop-eos",
                                     "false",
                                     "--json",
                                     "--quiet"};
  if (threads != 0) arguments.insert(arguments.end(), {"--threads", std::to_string(threads)});
  const std::string what = printable(file.string());
  std::string output;
  try {
    output = output_of_self(arguments, what);
  } catch (const Error&) {
    if (interrupted()) throw Cancelled();  // Ctrl-C reaches the child as well
    throw;
  }
  const Json document = parse_json(output, what);
  const JsonNode node(document, what + ", result of infer:");
  const JsonNode timings = node.at("timings");
  return {timings.at("prompt_tokens_per_second").as_number(),
          timings.at("decode_tokens_per_second").as_number(),
          node.at("peak_memory_bytes").as_uint()};
}

// The arguments of `cellm convert` that make the file of a row of the study.
std::string convert_flags(const std::string& format) {
  constexpr std::string_view kRecipe = "recipe-";
  constexpr std::string_view kLeastError = "-mse";
  if (format == "f16") return "--dtype f16";
  if (format.starts_with(kRecipe)) return "--recipe " + format.substr(kRecipe.size());
  if (format.ends_with(kLeastError)) {
    return convert_flags(format.substr(0, format.size() - kLeastError.size())) + " --scale mse";
  }
  for (const char* mode : {"int8", "int4", "int2", "int1"}) {
    if (format == mode) return fmt::format("--quantize-{}-symmetric", mode);
  }
  return "--format " + format;
}

void print_summary(const nlohmann::ordered_json& document) {
  fmt::print("{:<26} {:>13} {:>8} {:>10} {:>10} {:>8} {:>9}  {}\n", "format", "bytes", "bits/w",
             "perplexity", "KLD", "top-1", "tokens/s", "verdict");
  for (const auto& format : document.at("formats")) {
    const auto& evaluation = format.at("evaluation");
    std::string name = format.at("name");
    if (format.contains("same_as")) {
      name += fmt::format(" (= {})", format.at("same_as").get<std::string>());
    }
    fmt::print(
        "{:<26} {:>13} {:>8.3f} {:>10.5g} {:>10.4g} {:>6.1f} % {:>9}  {}\n", name,
        format.at("file_bytes").get<std::uint64_t>(), format.at("bits_per_weight").get<double>(),
        number_or_nan(evaluation.at("perplexity")), number_or_nan(evaluation.at("kld_mean")),
        100.0 * number_or_nan(evaluation.at("top1")),
        format.contains("speed")
            ? fmt::format("{:.1f}", format.at("speed").at("decode_tokens_per_second").get<double>())
            : "–",
        format.at("judgement").get<std::string>());
  }
}

int run(Arguments arguments) {
  StudyOptions& options = arguments.study;
  options.source = arguments.source;
  options.output = arguments.output;
  options.texts.assign(arguments.texts.begin(), arguments.texts.end());
  options.files.assign(arguments.files.begin(), arguments.files.end());
  options.keep = !arguments.no_keep;
  options.target = target_from_environment();
  JobDisplay display(arguments.quiet);
  const auto measure = [&](const std::filesystem::path& file,
                           const std::vector<std::uint32_t>& prompt, std::size_t tokens) {
    return measure_speed(file, prompt, tokens, options.threads);
  };
  const auto job = [&] {
    const auto document = run_study_job({options, measure, convert_flags}, display.control());
    display.finish();
    print_summary(document);
    if (!arguments.quiet) {
      fmt::print(stderr, "{}: study.json, report.md and report.html\n",
                 printable(options.output.string()));
    }
    return 0;
  };
  return run_job(arguments.quiet, job, [&] {
    display.finish();
    return true;
  });
}

Run configure(Options& options) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  StudyOptions& s = a.study;
  options.add("-i,--source", a.source, "Hugging Face folder, .gguf or .cellm file").required();
  options.add("-o,--output", a.output, "Folder for the results; made if it is not there")
      .names_output()
      .required();
  options
      .add("--text", a.texts,
           "UTF-8 text to measure on, several allowed; the more unlike each other the better")
      .required();
  options
      .add("--formats", s.formats,
           fmt::format("Formats, with commas (default: {}); also any of convert --format",
                       fmt::join(default_study_formats(), ",")))
      .delimiter(',');
  options.add("--file", a.files,
              "A .cellm file of the same model, calibrated or tuned perhaps, as a further row; "
              "repeatable");
  add_tokenizer(options, s.tokenizer);
  options.add_flag("--no-keep", a.no_keep, "Remove the .cellm files at the end");
  options.add("--tokens", s.tokens, "Tokens of the texts to evaluate; 0: all")
      .show_default()
      .range(std::size_t{0}, std::size_t{1} << 32);
  options.add("--window", s.window, "Tokens of a window; its second half is scored")
      .show_default()
      .range(std::size_t{2}, std::size_t{1} << 20);
  options.add("--generate", s.generate, "Tokens of each text that a format writes")
      .show_default()
      .range(std::size_t{1}, std::size_t{1} << 16);
  options
      .add("--sensitivity-tokens", s.sensitivity_tokens,
           "Tokens on which each part of the model is measured by itself; 0: not at all")
      .show_default()
      .range(std::size_t{0}, std::size_t{1} << 24);
  options.add("--speed-runs", s.speed_runs, "Runs for speed and memory; 0: not measured")
      .show_default()
      .range(std::size_t{0}, std::size_t{100});
  add_threads(options, s.threads);
  add_follow_links(options, s.links);
  options.add_flag("-q,--quiet", a.quiet, "No progress and no remarks on stderr");
  options.footer(
      "Converts the model to every format, measures each, and writes study.json, report.md and\n"
      "report.html, a page that needs no network. Finished steps are kept in OUTPUT/steps: the "
      "same\n"
      "command goes on where an earlier one stopped, and does again only what has changed.\n"
      "Examples:\n"
      "  cellm study --source Qwen3.5-0.8B --output study --text novel.txt --text speech.txt\n"
      "  cellm study --source model.gguf --output study --text a.txt --formats int4-g32,int2 "
      "--no-keep\n"
      "  cellm study --source model.gguf --output study --text a.txt --formats int2 --file "
      "t2.cellm\n"
      "\n"
      "Ctrl-C ends it with exit code 130.");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kStudyCommand{"study", "Measure what every format of a model costs, as a report",
                            configure};

}  // namespace cellm
