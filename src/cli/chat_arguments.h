// The arguments of chat.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/constraint_arguments.h"
#include "cli/lookup_arguments.h"
#include "cli/options.h"
#include "cli/sampling_arguments.h"

namespace cellm {

struct ChatArguments {
  std::string model;
  std::string tokenizer;
  std::string system;
  std::string load;
  std::string chat_template;
  std::string variables;
  std::optional<bool> thinking;
  bool fold_thinking = false;
  std::optional<std::size_t> thinking_budget;
  ConstraintArguments constraint;
  std::size_t max_tokens = 0;  // as many as fit
  std::size_t context = 0;     // the model's
  SamplingArguments sampling;
  std::vector<std::string> stop_strings;
  std::string on_loop = "stop";
  std::string kv_encoding = "f16";
  std::string activations = "int8";
  LookupArguments lookup;
  unsigned threads = 0;
  bool quiet = false;
  Links links = Links::kInside;
};

void add_chat_options(Options& options, ChatArguments& arguments);

}  // namespace cellm
