// The arguments of infer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/constraint_arguments.h"
#include "cli/lookup_arguments.h"
#include "cli/options.h"
#include "cli/sampling_arguments.h"
#include "cli/surface.h"

namespace cellm {

struct InferArguments {
  std::string model;
  std::string tokenizer;
  std::optional<std::string> prompt;
  std::optional<std::string> tokens;
  std::optional<std::uint32_t> sequence;
  bool chat = false;
  std::string chat_format = "auto";
  std::string chat_template;       // a file
  std::string template_variables;  // a JSON object
  std::string system;
  std::optional<bool> thinking;
  bool parse_special = false;
  std::optional<std::size_t> gen;  // nothing: 8, or as many as fit
  std::size_t min_tokens = 0;
  std::vector<std::string> stop_strings;
  std::string on_loop = "stop";
  std::optional<std::size_t> logprobs;
  std::optional<std::size_t> thinking_budget;
  ConstraintArguments constraint;
  SamplingArguments sampling;
  std::size_t max_layers = 0;  // all
  std::size_t tokens_per_block = 16;
  std::size_t total_blocks = 0;
  std::string stop_eos = "true";
  std::string backend = "cpu";
  std::string kv_encoding = "f16";
  std::string activations = "int8";
  LookupArguments lookup;
  unsigned threads = 0;
  bool quiet = false;
  bool json = false;
  Links links = Links::kInside;
};

void add_infer_options(Options& options, InferArguments& arguments);

// Throws Error for contradicting arguments and for an unavailable backend.
void check(const InferArguments& arguments);

}  // namespace cellm
