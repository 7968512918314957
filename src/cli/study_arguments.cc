#include "cli/study_arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "cli/command.h"
#include "study/formats.h"

namespace cellm {
namespace {

constexpr std::string_view kNoQuestions = "none";

void add_measurements(Options& options, StudyArguments& a) {
  StudyOptions& s = a.study;
  options.add("--tokens", s.tokens, "Tokens of the texts to evaluate; 0: all")
      .show_default()
      .range(std::size_t{0}, std::size_t{1} << 32);
  options.add("--window", s.window, "Tokens of a window; its second half is scored")
      .show_default()
      .range(std::size_t{2}, std::size_t{1} << 20);
  options
      .add(
          "--questions", a.questions,
          "Questions that each format answers, one JSON object a line (see eval); default: the 200 "
          "built-in ones; none")
      .show_default();
  options.add("--generate", s.generate, "Tokens of each text and answer that a format writes")
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
  options
      .add("--tune-tokens", s.tune_tokens,
           "Tokens on which the formats NAME-tuned and bits-N are trained [60000]")
      .range(std::size_t{512}, std::size_t{1} << 32);
}

void add_jobs(Options& options, StudyArguments& a) {
  options.add_flag("--plan", a.plan,
                   "Print the jobs of the study as JSON instead of running it: command lines that "
                   "run on any machine with the same files");
  options.add("--job", a.job, "Run one job of the plan, by its name");
  options
      .add("--split", a.study.split,
           "Evaluate each format in so many jobs, which are merged to the same figures")
      .show_default()
      .range(std::size_t{1}, std::size_t{1} << 16);
}

// Adds an option unless it has its default value.
template <class T>
void add_changed(std::vector<std::string>& command, const char* name, const T& value,
                 const T& standard) {
  if (value == standard) return;
  command.insert(command.end(), {name, fmt::format("{}", value)});
}

}  // namespace

void add_study_options(Options& options, StudyArguments& a) {
  StudyOptions& s = a.study;
  options
      .add("-i,--source", a.source,
           "Hugging Face folder, .gguf or .cellm file, or a name on the hub")
      .required();
  options
      .add("-o,--output", a.output,
           "Folder for the results; made if it is not there [--publish: its name with .study]")
      .names_output();
  options
      .add("--publish", a.publish,
           "Folder to write the files, tokenizer.json and a model card to, ready to upload")
      .names_output();
  options.add("--text", a.texts,
              "UTF-8 text to measure on, several allowed; the more unlike each other the better "
              "[--publish: a novel and speeches that are built in]");
  options
      .add("--formats", s.formats,
           fmt::format("Formats, with commas (default: {}; --publish: {}); also any of convert "
                       "--format, NAME-calibrated, NAME-tuned, and bits-N for N bits per weight",
                       fmt::join(default_study_formats(), ","),
                       fmt::join(published_formats({}), ",")))
      .delimiter(',');
  options.add("--file", a.files,
              "A .cellm file of the same model, calibrated or tuned perhaps, as a further row; "
              "repeatable");
  add_tokenizer(options, s.tokenizer);
  options.add_flag("--no-keep", a.no_keep, "Remove the .cellm files at the end");
  add_measurements(options, a);
  add_jobs(options, a);
  add_threads(options, s.threads);
  add_follow_links(options, s.links);
  options.add_flag("-q,--quiet", a.quiet, "No progress and no remarks on stderr");
}

std::string study_folder(const StudyArguments& arguments) {
  if (!arguments.output.empty()) return arguments.output;
  if (arguments.publish.empty()) throw usage_error("give --output, a folder for the results");
  std::string folder = arguments.publish;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder + ".study";
}

StudyOptions study_options(const StudyArguments& arguments, const std::string& source) {
  StudyOptions options = arguments.study;
  options.source = source;
  if (source != arguments.source) options.hub_name = arguments.source;
  options.output = study_folder(arguments);
  options.publish = arguments.publish;
  options.texts.assign(arguments.texts.begin(), arguments.texts.end());
  options.files.assign(arguments.files.begin(), arguments.files.end());
  options.questions = arguments.questions == kNoQuestions ? "" : arguments.questions;
  options.keep = !arguments.no_keep;
  options.target = target_from_environment();
  return options;
}

std::vector<std::string> job_command(const StudyArguments& arguments, const std::string& job) {
  const StudyOptions& s = arguments.study;
  const StudyOptions standard;
  std::vector<std::string> command{"cellm",          "study",    "--source",
                                   arguments.source, "--output", study_folder(arguments)};
  add_changed(command, "--publish", arguments.publish, std::string());
  for (const std::string& text : arguments.texts) command.insert(command.end(), {"--text", text});
  if (!s.formats.empty())
    command.insert(command.end(), {"--formats", fmt::format("{}", fmt::join(s.formats, ","))});
  for (const std::string& file : arguments.files) command.insert(command.end(), {"--file", file});
  add_changed(command, "--tokenizer", s.tokenizer, standard.tokenizer);
  if (arguments.no_keep) command.emplace_back("--no-keep");
  add_changed(command, "--tokens", s.tokens, standard.tokens);
  add_changed(command, "--window", s.window, standard.window);
  add_changed(command, "--questions", arguments.questions, std::string(kDefaultQuestions));
  add_changed(command, "--generate", s.generate, standard.generate);
  add_changed(command, "--sensitivity-tokens", s.sensitivity_tokens, standard.sensitivity_tokens);
  add_changed(command, "--speed-runs", s.speed_runs, standard.speed_runs);
  if (s.tune_tokens)
    command.insert(command.end(), {"--tune-tokens", std::to_string(*s.tune_tokens)});
  add_changed(command, "--split", s.split, standard.split);
  add_changed(command, "--threads", s.threads, standard.threads);
  if (s.links != standard.links) command.emplace_back("--follow-links");
  command.insert(command.end(), {"--quiet", "--job", job});
  return command;
}

}  // namespace cellm
