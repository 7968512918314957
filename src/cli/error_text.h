// Errors as the command line says them: exit codes, and advice in terms of its options.
#pragma once

#include <string>

#include "base/error.h"

namespace cellm {

// Exit codes (docs/cli.md).
inline constexpr int kExitUsage = 2;
inline constexpr int kExitData = 3;
inline constexpr int kExitResources = 5;
inline constexpr int kExitInterrupted = 130;  // as shells have it for a program that Ctrl-C ended
int exit_code(ErrorKind kind);

// The message with the options that it is about, and those that may help.
std::string error_text(const Error& error);

}  // namespace cellm
