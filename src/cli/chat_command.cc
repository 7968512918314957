#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "cli/chat_arguments.h"
#include "cli/chat_loop.h"
#include "cli/chat_sampling.h"
#include "cli/engine_options.h"
#include "cli/error_text.h"
#include "cli/given_template.h"
#include "cli/interrupts.h"
#include "cli/line_editor.h"
#include "cli/model_argument.h"
#include "constrain/constraint_cache.h"
#include "engine/answer_ids.h"
#include "engine/engine.h"
#include "engine/reasoning_tags.h"

namespace cellm {
namespace {

// $XDG_STATE_HOME/cellm/chat_history, or that of ~/.local/state; empty without a home.
std::filesystem::path chat_history_file() {
  const auto variable = [](const char* name) -> std::filesystem::path {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  std::filesystem::path state = variable("XDG_STATE_HOME");
  if (!state.is_absolute()) {  // a relative path is to be ignored
    const std::filesystem::path home = variable("HOME");
    if (!home.is_absolute()) return {};
    state = home / ".local" / "state";
  }
  return state / "cellm" / "chat_history";
}

// The model's own template, or the one that is given, kept in `given`.
const Chat& chat_of(const ChatArguments& arguments, const OpenedModel& model,
                    std::optional<Chat>& given) {
  if (model.tokenizer() == nullptr) {
    throw data_error("{}: no tokenizer inside or beside this model; give --tokenizer FILE",
                     printable(arguments.model));
  }
  if (!arguments.chat_template.empty()) {
    return given.emplace(given_chat(arguments.chat_template, model));
  }
  if (model.chat() == nullptr) {
    throw unsupported_error("{}: no chat template; give --chat-template FILE",
                            printable(arguments.model));
  }
  return *model.chat();
}

SequenceOptions sequence_options(const ChatArguments& arguments) {
  SequenceOptions options;
  options.kv_encoding = parse_kv_encoding(arguments.kv_encoding);
  const std::size_t block = options.tokens_per_block;
  options.total_blocks = (arguments.context + block - 1) / block;
  return options;
}

OnLoop on_loop(const std::string& name) {
  if (name == "ignore") return OnLoop::kIgnore;
  return name == "stop" ? OnLoop::kStop : OnLoop::kResample;
}

ChatSettings settings_of(const ChatArguments& arguments, const Engine& engine,
                         const std::optional<GivenConstraint>& constraint) {
  ChatSettings settings;
  GenerateOptions& generate = settings.generate;
  generate.sampler = chat_sampling(arguments.sampling, engine.opened(), &settings.from_model);
  generate.stop_strings = arguments.stop_strings;
  generate.on_loop = on_loop(arguments.on_loop);
  generate.lookup = lookup_options(arguments.lookup);
  generate.thinking.emplace();
  generate.thinking_budget = arguments.thinking_budget;
  if (constraint) generate.constraint = compile_constraint(constraint->kind, constraint->texts);
  const std::string& given = arguments.chat_template;
  generate.may_reason = given.empty() ? reasons(engine.opened())
                                      : template_reasons(given_template(given, engine.opened()));
  const Tokenizer& tokenizer = *engine.opened().tokenizer();
  generate.stop_ids = end_of_answer_ids(engine, &tokenizer);
  generate.unusable_ids = unusable_ids(engine, tokenizer);
  settings.show_thinking = !arguments.fold_thinking;
  settings.interactive = ::isatty(STDIN_FILENO) != 0;
  settings.quiet = arguments.quiet;
  settings.style = stdout_style();
  return settings;
}

// The next line of a pipe or file, nothing at the end. Throws Error(kUsage) as soon as it is beyond
// a limit.
std::optional<std::string> next_line() {
  std::string text;
  int byte = 0;
  while ((byte = ::getc_unlocked(stdin)) != EOF && byte != '\n') {
    if (text.size() == kMaxTextBytes) throw usage_error("a line is larger than 64 MiB");
    text += static_cast<char>(byte);
  }
  if (std::ferror(stdin) != 0) throw data_error("standard input cannot be read");
  if (byte == EOF && text.empty()) return std::nullopt;
  while (text.ends_with('\r')) text.pop_back();
  return text;
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

// Ends with the first error.
int run_lines(ChatLoop& loop) {
  exit_at_interrupt();
  while (const auto line = next_line()) {
    if (!is_blank(*line) && !loop.handle(*line)) break;
  }
  return 0;
}

int run_terminal(ChatLoop& loop) {
  catch_each_interrupt();
  LineEditor editor(chat_history_file());
  while (const auto message = editor.read()) {
    if (is_blank(*message)) continue;
    try {
      if (!loop.handle(*message)) break;
    } catch (const Error& error) {
      report_error(error);
    }
  }
  return 0;
}

int run(const ChatArguments& arguments) {
  const std::optional<GivenConstraint> constraint = given_constraint(arguments.constraint);
  std::string path;
  const auto find = [&] {  // perhaps a download and a conversion
    path = model_path(arguments.model, {.quiet = arguments.quiet, .threads = arguments.threads});
    return 0;
  };
  if (const int code = run_job(arguments.quiet, find, [] { return true; }); code != 0) return code;
  release_interrupts();
  const auto opened = open_model(path, {arguments.links, arguments.tokenizer});
  std::optional<Chat> given;
  const Chat& chat = chat_of(arguments, *opened, given);
  if (!arguments.quiet) {
    for (const std::string& note : opened->notes()) fmt::print(stderr, "note: {}\n", note);
  }
  const Engine engine(opened,
                      engine_options(arguments.threads, parse_activations(arguments.activations)));
  ConversationOptions options;
  options.sequence = sequence_options(arguments);
  options.chat.thinking = arguments.thinking;
  options.chat.variables = arguments.variables;
  Conversation talk(engine, *opened->tokenizer(), chat, options);
  if (!arguments.load.empty()) talk.load(arguments.load);
  if (!arguments.system.empty()) talk.set_system(arguments.system);

  ChatSettings settings = settings_of(arguments, engine, constraint);
  const std::size_t most = talk.session().max_tokens();
  settings.generate.max_tokens = arguments.max_tokens != 0 ? arguments.max_tokens : most;
  if (settings.interactive && !arguments.quiet) {
    fmt::print(stderr, "{}, context {} tokens; /help lists commands, Ctrl-D leaves\n",
               printable(arguments.model), most);
    if (!settings.from_model.empty()) {
      fmt::print(stderr, "sampling by the model: {}\n", settings.from_model);
    }
  }
  ChatLoop loop(talk, settings);
  return settings.interactive ? run_terminal(loop) : run_lines(loop);
}

Run configure(Options& options) {
  auto arguments = std::make_shared<ChatArguments>();
  add_chat_options(options, *arguments);
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kChatCommand{"chat", "Converse with a model in the terminal", configure};

}  // namespace cellm
