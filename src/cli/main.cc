// cellm: all commands in one program.

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/command.h"
#include "cli/error_text.h"

namespace cellm {
namespace {

int run_cellm(int argc, char** argv) {
  Options options(
      "cellm turns a Hugging Face or GGUF model into a small .cellm file and runs it on the CPU.",
      "cellm");
  options.footer(
      "Examples:\n"
      "  cellm infer --model Qwen/Qwen3.5-0.8B --chat --prompt 'Hello, who are you?' --gen 128\n"
      "  cellm convert --input Qwen3.5-0.8B --output qwen.cellm --format int4-g32\n"
      "  cellm chat qwen.cellm\n"
      "  cellm infer --model qwen.cellm --chat --prompt 'Hello, who are you?' --gen 128\n"
      "\n"
      "Exit codes: 0 done, 1 other error, 2 usage, 3 unreadable or damaged file,\n"
      "4 model or feature not supported, 5 out of memory or disk, 130 interrupted.");
  Run chosen;
  std::vector<std::string_view> names;
  for (const Command* command :
       {&kConvertCommand, &kChatCommand,    &kInferCommand,      &kRunCommand,
        &kServeCommand,   &kInspectCommand, &kVerifyCommand,     &kTokenizeCommand,
        &kLogitsCommand,  &kBenchCommand,   &kStudyCommand,      &kEvalCommand,
        &kTuneCommand,    &kFormatsCommand, &kTemplateCommand,   &kPullCommand,
        &kListCommand,    &kRmCommand,      &kCompletionCommand, &kManCommand}) {
    Options sub = options.add_command(command->name, command->description);
    const Run run = command->configure(sub);
    names.emplace_back(command->name);
    sub.when_chosen([&chosen, run] { chosen = run; });
  }
  // CLI11 would only say that a command is missing.
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "help") {
    char option[] = "--help";
    char* help[] = {argv[0], option, nullptr};
    return run_program(options, 2, help, chosen);
  }
  if (!first.empty() && first[0] != '-' &&
      std::find(names.begin(), names.end(), first) == names.end()) {
    return report_error(usage_error("unknown command \"{}\" (see cellm --help)", printable(first)));
  }
  return run_program(options, argc, argv, [&chosen] { return chosen(); });
}

}  // namespace
}  // namespace cellm

int main(int argc, char** argv) {
  return cellm::run_main([&] { return cellm::run_cellm(argc, argv); });
}
