#include "cli/terminal_style.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include "base/error.h"

namespace cellm {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool is_dumb() {
  const char* terminal = std::getenv("TERM");
  return terminal == nullptr || std::string_view(terminal) == "dumb";
}

}  // namespace

TerminalStyle stdout_style() {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  return {terminal, terminal && !is_set("NO_COLOR") && !is_dumb()};
}

std::string without_controls(std::string_view text) {
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool second_set =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    const bool control = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F;
    if (second_set) ++i;
    if (control || second_set) {
      clean += kReplacement;
    } else {
      clean += text[i];
    }
  }
  return clean;
}

void print_now(std::string_view text) {
  if (text.empty()) return;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw error(ErrorKind::kResources, "cannot write to standard output");
  }
}

}  // namespace cellm
