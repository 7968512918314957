#include <filesystem>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/interrupts.h"
#include "cli/job_display.h"
#include "jobs/tune_job.h"

namespace cellm {
namespace {

struct Arguments {
  std::string file;
  std::string reference;
  std::string output;
  TuneOptions tuning;
  Links links = Links::kInside;
  bool quiet = false;
};

void print(const TuneResult& result) {
  if (result.tokens == 0) {
    fmt::print("no better scales found: KLD {:.4f} on held-out text\n", result.before);
  } else {
    fmt::print("KLD {:.4f} -> {:.4f} on held-out text, after {} tokens\n", result.before,
               result.after, result.tokens);
  }
}

int run(const Arguments& arguments) {
  TuneJobOptions options;
  options.file = arguments.file;
  options.reference = arguments.reference;
  options.output = arguments.output;
  options.tuning = arguments.tuning;
  options.tuning.target = target_from_environment();
  options.links = arguments.links;
  JobDisplay display(arguments.quiet);
  const auto job = [&] {
    const TuneResult result = run_tune(options, display.control());
    display.finish();
    print(result);
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
  options.add("file", a.file, ".cellm file to tune").required();
  options
      .add("--reference", a.reference,
           "The model that it was made of: Hugging Face folder, .gguf or .cellm file")
      .required();
  options.add("--text", a.tuning.texts,
              "UTF-8 text to learn from: a file, \"default\" for the text that comes with "
              "cellm, \"self\" for texts that the reference writes, or \"chat\" for its answers "
              "to users; repeatable, each gets an equal share [all three; \"chat\" if the model "
              "has a chat format]");
  options.add("-o,--output", a.output, "Write a new file instead of changing this one")
      .names_output();
  options.add("--tokens", a.tuning.tokens, "Tokens of the text to learn from at most")
      .show_default()
      .range(kCalibrationWindow, std::size_t{1} << 32);
  options
      .add("--held-out", a.tuning.held_out,
           fmt::format("Windows of {} tokens that are kept apart to tell what is better",
                       kCalibrationWindow))
      .show_default()
      .range(1, 1024);
  options.add("--seed", a.tuning.seed, "By which windows are drawn from the text and ordered")
      .show_default();
  options.add_flag(
      "--input-channels", a.tuning.input_channels,
      "Learn a factor for each input channel of matrices in trellis formats, too: better below "
      "2 bits, no better above; 2 bytes for each, and decoding is 1 to 3 % slower");
  add_threads(options, a.tuning.threads);
  add_follow_links(options, a.links);
  options.add_flag("-q,--quiet", a.quiet, "No progress and no notes");
  options.footer(
      "Keeps all codes and learns what goes with them, the scale of each row and the weights of "
      "the\n"
      "norms, so that the file predicts what its reference predicts (KL divergence). The file "
      "keeps\n"
      "its size and layout, and is never worse on the held-out text than before. Ctrl-C ends it "
      "with\n"
      "exit code 130, and the same command goes on.\n"
      "Example:\n"
      "  cellm tune qwen-small.cellm --reference Qwen3.5-0.8B --text novel.txt");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kTuneCommand{
    "tune", "Train the scales and norms of a .cellm file towards the model it was made of",
    configure};

}  // namespace cellm
