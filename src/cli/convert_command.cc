#include <filesystem>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/convert_arguments.h"
#include "cli/interrupts.h"
#include "cli/job_display.h"
#include "cli/model_argument.h"
#include "cli/plan_table.h"

namespace cellm {
namespace {

// Whether a cancelled run left state from which the same command resumes.
bool is_kept(const std::string& output) {
  std::error_code ignored;
  for (const char* suffix : {".partial", ".probe.partial", ".tune.partial"}) {
    if (std::filesystem::exists(output + suffix, ignored)) return true;
  }
  return false;
}

int run(const ConvertArguments& arguments) {
  ConvertJobOptions options = job_options(arguments);
  options.input = model_path(arguments.input, {.quiet = arguments.quiet, .original = true});
  JobDisplay display(arguments.quiet, options.output.string());
  const auto job = [&] {
    const ConvertResult result = run_convert(options, display.control());
    display.finish();
    if (takes_default_format(arguments) && arguments.to_safetensors.empty() && !arguments.quiet &&
        !arguments.dry_run) {
      fmt::print(stderr, "note: {} is the default; --format chooses another (see cellm formats)\n",
                 default_format(arguments));
    }
    if (arguments.dry_run) print_plan(result.plan, arguments.json);
    return 0;
  };
  return run_job(arguments.quiet, job, [&] {
    display.finish();
    return is_kept(options.output.string());
  });
}

Run configure(Options& options) {
  auto arguments = std::make_shared<ConvertArguments>();
  add_convert_options(options, *arguments);
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kConvertCommand{
    "convert", "Convert a Hugging Face folder or a GGUF file to a .cellm file, or back", configure};

}  // namespace cellm
