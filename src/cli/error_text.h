// The exit codes and texts of errors, with advice in terms of the options.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/exit_codes.h"

namespace cellm {

// The exit code of an error (cli/exit_codes.h).
int exit_code(ErrorKind kind);

// The message with the options that it concerns and the options that may help.
std::string error_text(const Error& error);

// Prints the one line of an error and returns its exit code.
int report_error(const Error& error);

}  // namespace cellm
