#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/command.h"
#include "cli/interrupts.h"
#include "cli/job_display.h"
#include "cli/model_argument.h"
#include "cli/study_arguments.h"
#include "jobs/study_job.h"
#include "study/document.h"
#include "study/report_text.h"

namespace cellm {
namespace {

void print_summary(const nlohmann::ordered_json& document) {
  fmt::print("{:<26} {:>13} {:>8} {:>10} {:>10} {:>8} {:>8} {:>9}  {}\n", "format", "bytes",
             "bits/w", "perplexity", "KLD", "top-1", "right", "tokens/s", "verdict");
  for (const auto& format : document.at("formats")) {
    const auto& evaluation = format.at("evaluation");
    std::string name = format.at("name");
    if (format.contains("same_as")) {
      name += fmt::format(" (= {})", format.at("same_as").get<std::string>());
    }
    fmt::print(
        "{:<26} {:>13} {:>8.3f} {:>10.5g} {:>10.4g} {:>6.1f} % {:>8} {:>9}  {}\n", name,
        format.at("file_bytes").get<std::uint64_t>(), format.at("bits_per_weight").get<double>(),
        number_or_nan(evaluation.at("perplexity")), number_or_nan(evaluation.at("kld_mean")),
        100.0 * number_or_nan(evaluation.at("top1")), percent(answers_figure(format, "right")),
        format.contains("speed")
            ? fmt::format("{:.1f}", format.at("speed").at("decode_tokens_per_second").get<double>())
            : "–",
        format.at("judgement").get<std::string>());
  }
}

void print_plan(const StudyArguments& arguments, nlohmann::ordered_json plan) {
  for (auto& job : plan.at("jobs"))
    job["command"] = job_command(arguments, job.at("name").get<std::string>());
  fmt::print("{}\n", plan.dump(1));
}

void run_whole(const StudyJobOptions& options, bool quiet, JobDisplay& display) {
  const auto document = run_study_job(options, display.control());
  display.finish();
  print_summary(document);
  if (quiet) return;
  fmt::print(stderr, "{}: study.json, report.md and report.html\n",
             printable(options.study.output.string()));
  if (!options.study.publish.empty())
    fmt::print(stderr, "{}: ready to upload\n", printable(options.study.publish.string()));
}

int run(const StudyArguments& arguments) {
  if (arguments.plan && !arguments.job.empty()) throw usage_error("give --plan or --job, not both");
  const bool quiet = arguments.quiet;
  const std::string source = model_path(
      arguments.source, {.quiet = quiet, .original = true, .threads = arguments.study.threads});
  const StudyJobOptions options{study_options(arguments, source), "/proc/self/exe"};
  JobDisplay display(quiet);
  const auto job = [&] {
    if (arguments.plan) {
      print_plan(arguments, plan_study(options, display.control()));
    } else if (!arguments.job.empty()) {
      run_planned_job(options, arguments.job, display.control());
      display.finish();
    } else {
      run_whole(options, quiet, display);
    }
    return 0;
  };
  return run_job(quiet, job, [&] {
    display.finish();
    return true;
  });
}

Run configure(Options& options) {
  auto arguments = std::make_shared<StudyArguments>();
  add_study_options(options, *arguments);
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
      "  cellm study --source model.gguf --output study --text a.txt --split 4 --plan\n"
      "  cellm study --source Qwen/Qwen3.5-0.8B --publish qwen3.5-0.8b-cellm\n"
      "\n"
      "Ctrl-C ends it with exit code 130.");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kStudyCommand{"study", "Measure what every format of a model costs, as a report",
                            configure};

}  // namespace cellm
