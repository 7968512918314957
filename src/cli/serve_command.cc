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
#include "serve/server.h"

namespace cellm {
namespace {

constexpr std::size_t kMost = std::size_t{1} << 32;

struct ServeArguments {
  std::string model;
  std::string tokenizer;
  Links links = Links::kInside;
  unsigned threads = 0;
  std::string activations = "int8";
  std::string kv_encoding = "f16";
  std::string chat_template;
  std::string name;
  std::string host = "127.0.0.1";
  std::size_t port = 8080;
  std::string api_key_file;
  bool without_key = false;
  std::vector<std::string> allowed_origins;
  std::vector<std::string> allowed_hosts;
  std::size_t context = 0;
  std::size_t max_sequences = 8;
  std::size_t max_queue = 64;
  std::string cache_bytes;
  std::string cache_dir;
  std::size_t drain_seconds = 30;
  bool quiet = false;
};

void add_network(Options& options, ServeArguments& a) {
  const char* group = "Who can reach it";
  options.add("--host", a.host, "Address to listen at; 0.0.0.0: from everywhere")
      .group(group)
      .show_default();
  options.add("--port", a.port, "Port; 0: any that is free")
      .group(group)
      .show_default()
      .range(std::size_t{0}, std::size_t{65535});
  options
      .add("--api-key-file", a.api_key_file,
           "File of keys, one a line, that only its owner can read; requests need one of them")
      .group(group);
  options
      .add_flag("--without-key", a.without_key,
                "Listen beyond this machine although no key is needed")
      .group(group);
  options
      .add_repeatable("--allow-origin", a.allowed_origins,
                      "Let pages of this origin (https://example.org) use it; repeatable")
      .group(group);
  options
      .add_repeatable("--allow-host", a.allowed_hosts,
                      "A name by which it is reached, such as that of a proxy; repeatable")
      .group(group);
}

void add_capacity(Options& options, ServeArguments& a) {
  const char* group = "How much at a time";
  options
      .add("-c,--context", a.context,
           "Tokens of a prompt with its answer at most (default: the model's)")
      .group(group)
      .range(std::size_t{1}, kMost);
  options.add("--max-sequences", a.max_sequences, "Answers that are made at a time")
      .group(group)
      .show_default()
      .range(std::size_t{1}, std::size_t{1024});
  options.add("--max-queue", a.max_queue, "Requests that wait; more are refused")
      .group(group)
      .show_default()
      .range(std::size_t{0}, std::size_t{65536});
  options
      .add("--cache-bytes", a.cache_bytes,
           "Memory for what was read, such as 4G (default: a part of what is free)")
      .group(group);
  options.add("--cache-dir", a.cache_dir, "Folder that keeps what was read over a restart")
      .group(group);
  options
      .add("--drain-seconds", a.drain_seconds,
           "Time for requests in progress after SIGTERM or Ctrl-C")
      .group(group)
      .show_default()
      .range(std::size_t{0}, std::size_t{86400});
}

void add_model_options(Options& options, ServeArguments& a) {
  add_model(options, a.model);
  add_tokenizer(options, a.tokenizer);
  add_threads(options, a.threads);
  add_follow_links(options, a.links);
  options.add_flag("-q,--quiet", a.quiet, "No line for each request");
  options.add("--name", a.name, "Name of the model for clients (default: that of its file)");
  options.add("--chat-template", a.chat_template, kGivenTemplateHelp);
  add_kv_encoding(options, a.kv_encoding);
  options.add("--activations", a.activations, "int8, fast or f32, as for infer")
      .show_default()
      .one_of({"int8", "fast", "f32"});
}

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
  options.hosts = {arguments.allowed_hosts, arguments.allowed_origins};
  options.name = name_of(arguments);
  SequenceOptions& sequence = options.scheduler.sequence;
  sequence.kv_encoding = parse_kv_encoding(arguments.kv_encoding);
  const std::size_t block = sequence.tokens_per_block;
  sequence.total_blocks = (arguments.context + block - 1) / block;
  options.scheduler.max_sequences = arguments.max_sequences;
  options.scheduler.max_queue = arguments.max_queue;
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
  add_model_options(options, *arguments);
  add_network(options, *arguments);
  add_capacity(options, *arguments);
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
