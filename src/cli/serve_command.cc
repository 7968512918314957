#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "cli/engine_options.h"
#include "cli/error_text.h"
#include "cli/exit_codes.h"
#include "cli/given_template.h"
#include "cli/model_argument.h"
#include "cli/serve_arguments.h"
#include "engine/generation.h"
#include "serve/server.h"

namespace cellm {
namespace {

// "4G" as bytes; empty: 0.
std::uint64_t parse_bytes(const std::string& text) {
  if (text.empty()) return 0;
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  auto [rest, failed] = std::from_chars(text.data(), end, number);
  constexpr std::string_view kUnits = "KMGT";
  std::uint64_t unit = 1;
  if (rest + 1 == end) {
    const std::size_t power = kUnits.find(*rest);
    if (power != std::string_view::npos) {
      unit <<= 10 * (power + 1);
      ++rest;
    }
  }
  if (failed != std::errc() || rest != end || number == 0 || number > UINT64_MAX / unit) {
    throw usage_error("--cache-bytes takes a number of bytes, as 4G or 500M, not \"{}\"",
                      printable(text));
  }
  return number * unit;
}

// Signals become bytes of a pipe. The first asks for the end, the second for haste, and the third
// ends the program.
int stop_pipe[2] = {-1, -1};
volatile std::sig_atomic_t signals = 0;

void on_signal(int /*signal*/) {
  signals = signals + 1;
  if (signals > 2) ::_exit(kExitInterrupted);
  [[maybe_unused]] const ssize_t put = ::write(stop_pipe[1], "", 1);
}

int catch_signals() {
  if (::pipe(stop_pipe) != 0) throw error(ErrorKind::kResources, "cannot open a pipe");
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return stop_pipe[0];
}

std::string name_of(const ServeArguments& arguments) {
  if (!arguments.name.empty()) return arguments.name;
  // A name on the hub stays as it is.
  if (!std::filesystem::exists(arguments.model)) return arguments.model;
  std::filesystem::path path = std::filesystem::weakly_canonical(arguments.model);
  if (path.extension() == ".cellm" || path.extension() == ".gguf") path.replace_extension();
  return path.filename().string();
}

ServeOptions serve_options(const ServeArguments& arguments) {
  ServeOptions options;
  options.host = arguments.host;
  options.port = static_cast<int>(arguments.port);
  if (!arguments.api_key_file.empty()) options.keys = ApiKeys::load(arguments.api_key_file);
  options.is_public = arguments.without_key;
  options.open_metrics = arguments.metrics_without_key;
  options.hosts = {arguments.allowed_hosts, arguments.allowed_origins};
  options.name = name_of(arguments);
  SequenceOptions& sequence = options.scheduler.sequence;
  sequence.kv_encoding = parse_kv_encoding(arguments.kv_encoding);
  const std::size_t block = sequence.tokens_per_block;
  sequence.total_blocks = (arguments.context + block - 1) / block;
  options.scheduler.max_sequences = arguments.max_sequences;
  options.scheduler.max_queue = arguments.max_queue;
  options.scheduler.lookup = lookup_options(arguments.lookup);
  options.scheduler.cache_bytes = parse_bytes(arguments.cache_bytes);
  options.scheduler.cache_dir = arguments.cache_dir;
  if (!arguments.quiet) {
    options.log = [](const std::string& line) {
      static std::mutex mutex;
      const std::lock_guard lock(mutex);
      std::fputs((line + "\n").c_str(), stderr);  // a log that nobody reads is no error
    };
  }
  return options;
}

void announce(const ServeArguments& arguments, const ServeOptions& options,
              const ModelServer& server) {
  const std::string address = server.address();
  fmt::print(stderr, "{} at {}, context {} tokens{}; Ctrl-C ends it\n", printable(options.name),
             address, server.context(), options.keys.empty() ? "" : ", with keys");
  if (arguments.quiet) return;
  fmt::print(stderr,
             "  curl {}/v1/chat/completions -H 'Content-Type: application/json'{} -d "
             "'{{\"messages\": [{{\"role\": \"user\", \"content\": \"Hello!\"}}]}}'\n",
             address, options.keys.empty() ? "" : " -H \"Authorization: Bearer $KEY\"");
}

int run(const ServeArguments& arguments) {
  ServeOptions options = serve_options(arguments);
  const std::string path =
      model_path(arguments.model, {.quiet = arguments.quiet, .threads = arguments.threads});
  const auto opened = open_model(path, {arguments.links, arguments.tokenizer});
  std::optional<Chat> chat;
  if (!arguments.chat_template.empty()) {
    if (opened->tokenizer() == nullptr) {
      throw data_error("{}: no tokenizer inside or beside this model; give --tokenizer FILE",
                       printable(arguments.model));
    }
    options.chat_template = given_template(arguments.chat_template, *opened);
    options.chat = &chat.emplace(given_chat(arguments.chat_template, *opened));
  }
  const Engine engine(opened,
                      engine_options(arguments.threads, parse_activations(arguments.activations)));
  ModelServer server(engine, options);
  const int stop = catch_signals();
  announce(arguments, options, server);
  const bool in_time = server.run(stop, std::chrono::seconds(arguments.drain_seconds));
  return in_time ? 0 : kExitInterrupted;
}

Run configure(Options& options) {
  auto arguments = std::make_shared<ServeArguments>();
  add_serve_options(options, *arguments);
  options.footer(
      "Examples:\n"
      "  cellm serve qwen.cellm\n"
      "  cellm serve qwen.cellm --host 0.0.0.0 --api-key-file keys.txt --context 32768\n"
      "\n"
      "The interface is OpenAI's: base URL http://127.0.0.1:8080/v1. docs/serve.md describes it.");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kServeCommand{"serve", "Serve a model to programs: OpenAI's API over HTTP",
                            configure};

}  // namespace cellm
