// The command line: one file per command, all with the same shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "io/folder_file.h"

namespace cellm {

// Runs a command with its parsed arguments; returns the exit code.
using Run = std::function<int()>;

// Adds the options of a command and returns the function to run.
struct Command {
  const char* name;
  const char* description;
  Run (*configure)(Options& options);
};

extern const Command kBenchCommand;
extern const Command kChatCommand;
extern const Command kCompletionCommand;
extern const Command kConvertCommand;
extern const Command kEvalCommand;
extern const Command kFormatsCommand;
extern const Command kInferCommand;
extern const Command kInspectCommand;
extern const Command kListCommand;
extern const Command kLogitsCommand;
extern const Command kManCommand;
extern const Command kPullCommand;
extern const Command kRmCommand;
extern const Command kRunCommand;
extern const Command kServeCommand;
extern const Command kStudyCommand;
extern const Command kTemplateCommand;
extern const Command kTokenizeCommand;
extern const Command kTuneCommand;
extern const Command kVerifyCommand;

// Calls the body so that every failure ends with one line and an exit code, including the
// truncation of a mapped file and a lack of memory. For main().
int run_main(const std::function<int()>& body);
// Parse and run; every error is one line on stderr and the exit code of its kind (docs/cli.md).
int run_program(Options& options, int argc, char** argv, const std::function<int()>& run);
int run_single_command(const Command& command, int argc, char** argv);

// The CPU target from the environment variable CELLM_TARGET; empty if it is not set.
std::string target_from_environment();

// "1,2,3" as ids. Throws Error(kUsage).
std::vector<std::uint32_t> parse_token_list(const std::string& text);

// Common options: --model (required), --tokenizer, --threads (0 if not given)
// and --follow-links.
void add_model(Options& options, std::string& path);
void add_tokenizer(Options& options, std::string& file);
void add_threads(Options& options, unsigned& threads);
void add_follow_links(Options& options, Links& links);

// --kv-encoding, and --thinking with --no-thinking under a heading of the help.
Option add_kv_encoding(Options& options, std::string& name);
void add_thinking(Options& options, std::optional<bool>& thinking, const std::string& group);

// All of standard input. Throws Error(kUsage) beyond a limit.
std::string read_stdin();

// Tokens per second; 0 if no time has passed.
double rate(std::size_t tokens, double seconds);

// 1234567 as "1.2 MiB" and the like.
std::string human_bytes(std::uint64_t bytes);

bool stderr_is_terminal();

// The largest resident size of this process so far, in bytes.
std::uint64_t peak_memory_bytes();

}  // namespace cellm
