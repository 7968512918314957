#include "cli/chat_commands.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"

namespace cellm {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";
constexpr double kMostTokens = 4294967296.0;
constexpr double kMostSeed = 9007199254740992.0;  // whole numbers are exact up to here

enum class Argument { kNone, kOptional, kRequired };

struct Known {
  std::string_view name;
  Argument argument;
  std::string_view help;
};

constexpr Known kCommands[] = {
    {"help", Argument::kNone, "/help              this list"},
    {"system", Argument::kOptional,
     "/system TEXT       set the system message; without TEXT: none"},
    {"regen", Argument::kNone, "/regen             answer the latest question again"},
    {"undo", Argument::kNone, "/undo              drop the latest question and its answer"},
    {"clear", Argument::kNone, "/clear             begin anew; the system message stays"},
    {"save", Argument::kRequired, "/save PATH         write the conversation to a JSON file"},
    {"load", Argument::kRequired, "/load PATH         continue the conversation of such a file"},
    {"set", Argument::kOptional,
     "/set NAME VALUE    change a setting; without a name: list the settings"},
    {"think", Argument::kRequired, "/think on|off      show or fold what the model thinks"},
    {"stats", Argument::kNone, "/stats             speed, context and memory"},
    {"bye", Argument::kNone, "/bye               leave"},
};

constexpr std::string_view kHelpEnd =
    "\n"
    "Pasted lines are one message, and Alt-Enter begins a new line; so does \\ at the end of a "
    "line,\n"
    "and lines between two \"\"\" are one message.\n"
    "Ctrl-C stops an answer, Ctrl-D leaves. A message that begins with / is typed with //.\n";

struct Setting {
  std::string_view name;
  double low;
  double high;
  bool whole;
  void (*set)(GenerateOptions& options, double value);
  double (*get)(const GenerateOptions& options);
};

template <auto Member>
constexpr Setting sampler_setting(std::string_view name, double low, double high) {
  using Value = std::remove_reference_t<decltype(SamplerOptions().*Member)>;
  return {name,
          low,
          high,
          std::is_integral_v<Value>,
          [](GenerateOptions& o, double value) { o.sampler.*Member = static_cast<Value>(value); },
          [](const GenerateOptions& o) { return static_cast<double>(o.sampler.*Member); }};
}

constexpr Setting kSettings[] = {
    sampler_setting<&SamplerOptions::temperature>("temperature", 0, 100),
    sampler_setting<&SamplerOptions::top_k>("top-k", 0, kMostTokens),
    sampler_setting<&SamplerOptions::top_p>("top-p", 0, 1),
    sampler_setting<&SamplerOptions::min_p>("min-p", 0, 1),
    sampler_setting<&SamplerOptions::repeat_penalty>("repeat-penalty", 0.01, 100),
    sampler_setting<&SamplerOptions::presence_penalty>("presence-penalty", -100, 100),
    sampler_setting<&SamplerOptions::frequency_penalty>("frequency-penalty", -100, 100),
    sampler_setting<&SamplerOptions::seed>("seed", 0, kMostSeed),
    {"max-tokens", 1, kMostTokens, true,
     [](GenerateOptions& o, double value) { o.max_tokens = static_cast<std::size_t>(value); },
     [](const GenerateOptions& o) { return static_cast<double>(o.max_tokens); }},
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) + 1 - first);
}

// The first word, and the rest.
std::pair<std::string_view, std::string_view> split(std::string_view text) {
  const std::size_t end = std::min(text.find_first_of(kSpaces), text.size());
  return {text.substr(0, end), trimmed(text.substr(end))};
}

}  // namespace

std::optional<ChatCommand> parse_chat_command(std::string_view message) {
  if (!message.starts_with('/') || message.starts_with("//")) return std::nullopt;
  auto [name, rest] = split(message.substr(1));
  if (name == "exit" || name == "quit") name = "bye";
  const bool known =
      std::any_of(std::begin(kCommands), std::end(kCommands),
                  [&name = name](const Known& command) { return command.name == name; });
  if (!known) {
    throw usage_error("unknown command /{}; /help lists them, and a message with / begins with //",
                      printable(name));
  }
  return ChatCommand{std::string(name), std::string(rest)};
}

std::string message_of(std::string_view message) {
  return std::string(message.starts_with("//") ? message.substr(1) : message);
}

void require_arguments(std::string_view name, std::string_view rest) {
  for (const Known& command : kCommands) {
    if (command.name != name) continue;
    if (command.argument == Argument::kRequired && rest.empty()) {
      throw usage_error("/{} needs an argument: {}", name,
                        command.help.substr(0, command.help.find("  ")));
    }
    if (command.argument == Argument::kNone && !rest.empty()) {
      throw usage_error("/{} takes no argument", name);
    }
  }
}

std::string chat_help() {
  std::string text;
  for (const Known& command : kCommands) text += fmt::format("{}\n", command.help);
  return text += kHelpEnd;
}

void change_setting(std::string_view text, GenerateOptions& options) {
  const auto [name, number] = split(text);
  for (const Setting& setting : kSettings) {
    if (setting.name != name) continue;
    double value = 0;
    const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), value);
    const bool valid = failed == std::errc() && end == number.data() + number.size() &&
                       value >= setting.low && value <= setting.high &&
                       (!setting.whole || value == std::floor(value));
    if (!valid) {
      throw usage_error("/set {} takes a {}number from {} to {}, not \"{}\"", name,
                        setting.whole ? "whole " : "", setting.low, setting.high,
                        printable(number));
    }
    setting.set(options, value);
    return;
  }
  throw usage_error("/set: unknown setting \"{}\"; /set lists them", printable(name));
}

std::string list_settings(const GenerateOptions& options) {
  std::string text;
  for (const Setting& setting : kSettings) {
    const double value = setting.get(options);
    text += setting.whole ? fmt::format("{:18} {:.0f}\n", setting.name, value)
                          : fmt::format("{:18} {:.6g}\n", setting.name, value);
  }
  return text;
}

}  // namespace cellm
