// The arguments of convert.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "jobs/convert_job.h"

namespace cellm {

struct ConvertArguments {
  std::string input;
  std::string output;
  std::string to_safetensors;
  std::string dtype;
  bool int8 = false;
  bool int4 = false;
  bool int2 = false;
  bool int1 = false;
  bool fp8 = false;
  bool text_only = false;
  bool packed = false;
  bool dequant_4bit_affine = false;
  bool validate_gguf = false;
  std::string format;
  std::string embedding;
  std::string lm_head;
  double target_bpw = 0.0;
  std::string recipe;
  std::vector<std::string> tensors;
  std::vector<std::string> lora;
  std::string scale;
  std::string calibrate;
  std::size_t calibrate_tokens = CalibrationRequest{}.tokens;
  std::uint64_t seed = 0;
  std::string feedback = "on";
  std::string targets;
  std::optional<std::size_t> tune_tokens;
  std::uint32_t rotation = 0;
  bool no_tokenizer = false;
  bool dry_run = false;
  bool json = false;
  bool quiet = false;
  bool allow_nonfinite = false;
  Links links = Links::kInside;
  unsigned threads = 0;
};

void add_convert_options(Options& options, ConvertArguments& arguments);

// Whether the layers get kDefaultFormat, since no argument says a format. The flags of the study
// mean f16 where they name no other.
bool takes_default_format(const ConvertArguments& arguments);
// The format that they get.
const char* default_format(const ConvertArguments& arguments);

// The job of these arguments. Throws Error(kUsage) for contradicting ones.
ConvertJobOptions job_options(const ConvertArguments& arguments);

}  // namespace cellm
