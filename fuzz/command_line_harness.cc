// Harnesses for option values and for whole command lines.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/command.h"
#include "convert/name_pattern.h"
#include "convert/rules.h"
#include "engine/engine.h"
#include "format/format_choice.h"
#include "harness.h"
#include "ops/kv_cache.h"

namespace cellm::fuzz {
namespace {

constexpr std::string_view kTensorNames[] = {
    "model.embed_tokens.weight", "model.layers.0.mlp.down_proj.weight",
    "model.layers.12.linear_attn.in_proj_qkv.weight", "", "lm_head.weight.qscale"};

// The first byte selects the kind of value.
void run_value(Bytes input) {
  if (input.empty()) return;
  const std::string_view text = text_of(input.subspan(1));
  switch (input[0] % 6) {
    case 0: {
      const FormatChoice choice = parse_format_choice(text);
      require(parse_format_choice(format_choice_name(choice)) == choice, "a format has a name");
      return;
    }
    case 1: {
      const TensorOverride parsed = parse_tensor_override(text);
      const NamePattern pattern(parsed.pattern);
      for (const auto name : kTensorNames) (void)pattern.found_in(name);
      return;
    }
    case 2:
      require(!parse_token_list(std::string(text)).empty(), "a list of tokens has one at least");
      return;
    case 3:
      (void)recipe_formats(text);
      return;
    case 4:
      (void)parse_kv_encoding(text);
      return;
    default:
      (void)parse_activations(text);
      return;
  }
}

// Lines are arguments; the first byte selects the command. Commands are parsed, not run.
void run_line(Bytes input) {
  constexpr const Command* kCommands[] = {&kConvertCommand, &kInferCommand,    &kInspectCommand,
                                          &kVerifyCommand,  &kTokenizeCommand, &kLogitsCommand,
                                          &kBenchCommand,   &kEvalCommand,     &kStudyCommand};
  if (input.empty()) return;
  const Command& command = *kCommands[input[0] % std::size(kCommands)];
  std::vector<std::string> arguments;
  std::string_view rest = text_of(input.subspan(1));
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    // An argument ends at its first zero byte.
    arguments.emplace_back(rest.substr(0, std::min(end, rest.find('\0'))));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::vector<const char*> argv{command.name};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  Options options(command.description, command.name);
  const Run run = command.configure(options);
  try {
    (void)options.parse(static_cast<int>(argv.size()), argv.data());
  } catch (const Error&) {  // it quotes the arguments in full, which the program then escapes
  }
}

}  // namespace

constinit const Harness kValues{"values", run_value};
constinit const Harness kCommandLine{"command_line", run_line};

}  // namespace cellm::fuzz
