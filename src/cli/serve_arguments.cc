#include "cli/serve_arguments.h"

#include "cli/given_template.h"
#include "cli/model_argument.h"
#include "serve/server.h"

namespace cellm {
namespace {

constexpr std::size_t kMost = std::size_t{1} << 32;

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
      .add_flag("--metrics-without-key", a.metrics_without_key,
                "GET /metrics needs no key, for programs that can send none")
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
      .range(std::size_t{1}, kMaxSequences);
  options.add("--max-queue", a.max_queue, "Requests that wait; more are refused")
      .group(group)
      .show_default()
      .range(std::size_t{0}, std::size_t{65536});
  options
      .add("--cache-bytes", a.cache_bytes,
           "Memory for sequences and prefixes, such as 4G (default: a part of the free memory)")
      .group(group);
  options.add("--cache-dir", a.cache_dir, "Folder in which cached prefixes survive a restart")
      .group(group);
  options
      .add("--drain-seconds", a.drain_seconds,
           "Time for requests in progress after SIGTERM or Ctrl-C")
      .group(group)
      .show_default()
      .range(std::size_t{0}, std::size_t{86400});
  add_lookup_options(options, a.lookup, group);
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

}  // namespace

void add_serve_options(Options& options, ServeArguments& arguments) {
  add_model_options(options, arguments);
  add_network(options, arguments);
  add_capacity(options, arguments);
}

}  // namespace cellm
