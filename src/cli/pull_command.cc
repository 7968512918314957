#include <memory>

#include <fmt/format.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/interrupts.h"
#include "cli/job_display.h"
#include "convert/mixtures.h"
#include "hub/hub_name.h"
#include "hub/hub_settings.h"
#include "hub/resolve.h"
#include "jobs/convert_job.h"

namespace cellm {
namespace {

struct Arguments {
  std::string model;
  std::string format;
  double target_bpw = 0.0;
  bool no_convert = false;
  unsigned threads = 0;
  bool quiet = false;
};

ResolveOptions resolve_options(const Arguments& arguments) {
  const bool target = arguments.target_bpw != 0.0;
  const bool format = !arguments.format.empty();
  if (target && format) throw usage_error("give --format or --target-bpw, not both");
  if (arguments.no_convert && (target || format))
    throw usage_error("--no-convert goes without --format and --target-bpw");
  ResolveOptions options;
  options.refresh = true;
  options.original = arguments.no_convert;
  options.conversion.format =
      ModelFormat{.layers = arguments.format, .bits_per_weight = arguments.target_bpw};
  if (!target && !format) options.conversion.format->layers = kDefaultFormat;
  options.conversion.threads = arguments.threads;
  options.conversion.target = target_from_environment();
  return options;
}

int run(const Arguments& arguments) {
  ResolveOptions options = resolve_options(arguments);
  const auto name = parse_hub_name(arguments.model);
  if (!name) {
    throw usage_error(
        "\"{}\" is not the name of a model on the hub: ORG/NAME, "
        "ORG/NAME:FILE.gguf, with @REVISION if wanted",
        printable(arguments.model));
  }
  const bool chosen = !arguments.format.empty() || arguments.target_bpw != 0.0;
  if (!name->file.empty() && !chosen) options.conversion.format.reset();
  JobDisplay display(arguments.quiet);
  const auto job = [&] {
    const auto path =
        resolve_name(*name, hub_settings_from_environment(), options, display.control());
    display.finish();
    fmt::print("{}\n", path.string());
    return 0;
  };
  return run_job(arguments.quiet, job, [&] {
    display.finish();
    return true;
  });
}

Run configure(Options& options) {
  auto arguments = std::make_shared<Arguments>();
  options.add("model", arguments->model, "ORG/NAME or ORG/NAME:FILE.gguf, with @REVISION if wanted")
      .required();
  options
      .add("-f,--format", arguments->format,
           "Format of the layers, as of convert (default int4-g32)")
      .suggest(format_words());
  options
      .add("--target-bpw", arguments->target_bpw,
           "Instead of --format: bits per weight of the whole file, as of convert")
      .range(0.5, 16.0);
  options.add_flag("--no-convert", arguments->no_convert, "Only download");
  add_threads(options, arguments->threads);
  options.add_flag("-q,--quiet", arguments->quiet, "No progress and no notes");
  options.footer(
      "Examples:\n"
      "  cellm pull Qwen/Qwen3.5-0.8B\n"
      "  cellm pull Qwen/Qwen3.5-0.8B --target-bpw 2.5\n"
      "  cellm pull ORG/NAME:FILE.gguf@REVISION\n"
      "\n"
      "Prints the path of the model. HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT and\n"
      "HF_HUB_OFFLINE mean what they mean to huggingface_hub.");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kPullCommand{"pull", "Download a model from the Hugging Face hub and convert it",
                           configure};

}  // namespace cellm
