// The commands of a conversation, as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/generation.h"

namespace cellm {

struct ChatCommand {
  std::string name;
  std::string rest;  // what follows, without white space at its ends
};

// A message that begins with a slash is a command, one that begins with two is a message with one.
// Throws Error(kUsage) for an unknown command.
std::optional<ChatCommand> parse_chat_command(std::string_view message);
std::string message_of(std::string_view message);

// Throws Error(kUsage) if a command needs an argument and has none, or takes none and has one.
void require_arguments(std::string_view name, std::string_view rest);

std::string chat_help();

// "temperature 0.6": changes a setting. Throws Error(kUsage) for an unknown one or a value out of
// range.
void change_setting(std::string_view text, GenerateOptions& options);
// A line for each setting.
std::string list_settings(const GenerateOptions& options);

}  // namespace cellm
