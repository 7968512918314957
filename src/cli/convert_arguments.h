// What the user asks convert for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/convert.h"
#include "convert/target_bits.h"
#include "io/folder_file.h"
#include "io/model_source.h"

namespace cellm {

struct ConvertArguments {
  std::string input;
  std::string output;
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
  std::string scale;
  std::string calibrate;
  std::size_t calibrate_tokens = 32768;
  std::uint64_t seed = 0;
  std::string feedback = "on";
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

// With --target-bpw in place of a recipe that stands for one. Throws Error(kUsage) if both are
// given.
ConvertArguments with_bits_recipe(ConvertArguments arguments);
// What such a recipe is, and what to expect of it, as a line; empty for other recipes.
std::string expectation(std::string_view recipe);

// Windows of the text that the result of --target-bpw is measured on.
inline constexpr std::size_t kHeldOutWindows = 8;

// What the search of --target-bpw is for.
TargetBits target_bits(const ConvertArguments& arguments);

// How many tokens scales and norms are trained on afterwards.
std::size_t tuning_tokens(const ConvertArguments& arguments);

// The options of the conversion; with --target-bpw those that the search begins with. Throws
// Error(kUsage) for arguments that do not go together.
ConvertOptions options_of(const ConvertArguments& arguments);

}  // namespace cellm
