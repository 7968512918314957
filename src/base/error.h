// The one exception of cellm and the check for our own mistakes.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace cellm {

// What went wrong; the value is the exit code of the command line programs (docs/cli.md).
enum class ErrorKind : int {
  kOther = 1,        // anything that has no code of its own
  kUsage = 2,        // the command line or an argument is wrong
  kData = 3,         // a file is unreadable, damaged or contradicts itself
  kUnsupported = 4,  // a valid file of a model or a feature that cellm does not have
  kResources = 5,    // out of memory or disk
};

// Thrown for everything that the outside can cause: files, arguments, the machine. The message is
// one line that names the file, then the tensor or field, what was expected and what was found.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// throw error(kind, "format", args...) in one call.
template <class... Args>
Error error(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return {kind, fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
Error data_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kData, fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
Error usage_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kUsage, fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
Error unsupported_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kUnsupported, fmt::format(format, std::forward<Args>(args)...)};
}

// `text` made safe to print as a part of one line: control characters and invalid UTF-8 are escaped
// as \xNN, and what is longer than 200 bytes is cut. For names that come from a file.
std::string printable(std::string_view text);

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace cellm

// A condition that only a mistake in cellm itself can break; never reachable from input. Kept in
// release builds.
#define CELLM_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::cellm::check_failed(#condition, __FILE__, __LINE__))
