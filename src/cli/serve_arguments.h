// The arguments of serve.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/lookup_arguments.h"

namespace cellm {

struct ServeArguments {
  std::string model;
  std::string tokenizer;
  Links links = Links::kInside;
  unsigned threads = 0;
  std::string activations = "int8";
  std::string kv_encoding = "f16";
  LookupArguments lookup;
  std::string chat_template;
  std::string name;
  std::string host = "127.0.0.1";
  std::size_t port = 8080;
  std::string api_key_file;
  bool without_key = false;
  bool metrics_without_key = false;
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

void add_serve_options(Options& options, ServeArguments& arguments);

}  // namespace cellm
