// The exception type of cellm, and the check for programming errors.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace cellm {

// The kind of an error; the value is the exit code of the command line programs (docs/cli.md).
enum class ErrorKind : int {
  kOther = 1,        // everything else
  kUsage = 2,        // the command line or an argument is wrong
  kData = 3,         // a file is unreadable, damaged or inconsistent
  kUnsupported = 4,  // a valid file whose model or feature is not supported
  kResources = 5,    // out of memory or disk
};

// Thrown for every failure caused from outside: files, arguments, the machine. The message is one
// line that names the file, then the tensor or field, what was expected and what was found.
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

// `text` escaped for printing within one line: control characters and invalid UTF-8 become \xNN,
// and text beyond 200 bytes is cut. For names that come from a file.
std::string printable(std::string_view text);

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace cellm

// Checks a condition that only a bug in cellm can violate; never reachable from input. Kept in
// release builds.
#define CELLM_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::cellm::check_failed(#condition, __FILE__, __LINE__))
