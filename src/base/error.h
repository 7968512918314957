// The exception type of cellm, and the check for programming errors.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace cellm {

enum class ErrorKind {
  kOther,        // everything else
  kUsage,        // the command line or an argument is wrong
  kData,         // a file is unreadable, damaged or inconsistent
  kUnsupported,  // a valid file whose model or feature is not supported
  kResources,    // out of memory or disk
};

// A remedy for an error (base/advice.h), with its figures where there are any:
// bytes of memory, or tokens.
enum class AdviceKind : int;
struct Advice {
  Advice() = default;
  // Not explicit: most advice is a kind and no more.
  Advice(AdviceKind what, std::uint64_t needs = 0, std::uint64_t has = 0)
      : kind(what), needed(needs), available(has) {}

  AdviceKind kind{};  // kNone
  std::uint64_t needed = 0;
  std::uint64_t available = 0;
};

// Thrown for every failure caused from outside: files, arguments, the machine. The message is one
// line that names the file, then the tensor or field, what was expected and what was found; it
// names no option of any program.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, const Advice& advice = {})
      : std::runtime_error(message), kind_(kind), advice_(advice) {}
  ErrorKind kind() const { return kind_; }
  const Advice& advice() const { return advice_; }

 private:
  ErrorKind kind_;
  Advice advice_;
};

// throw error(kind, "format", args...) in one call; with advice before the format.
template <class... Args>
Error error(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return {kind, fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
Error error(ErrorKind kind, const Advice& advice, fmt::format_string<Args...> format,
            Args&&... args) {
  return {kind, fmt::format(format, std::forward<Args>(args)...), advice};
}
template <class... Args>
Error data_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kData, fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
Error data_error(const Advice& advice, fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kData, fmt::format(format, std::forward<Args>(args)...), advice};
}
template <class... Args>
Error usage_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kUsage, fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
Error usage_error(const Advice& advice, fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kUsage, fmt::format(format, std::forward<Args>(args)...), advice};
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
