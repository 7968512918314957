#include "base/error.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "base/utf8.h"

namespace cellm {
namespace {

constexpr std::size_t kMaxPrintable = 200;

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= kMaxPrintable) return out + "...";
    const auto lead = static_cast<unsigned char>(text.front());
    const Utf8Step step = utf8_step(text);
    if (!step.valid || lead < 0x20 || lead == 0x7F) {
      out += fmt::format("\\x{:02x}", lead);
      text.remove_prefix(1);
    } else {
      out += text.substr(0, step.length);
      text.remove_prefix(step.length);
    }
  }
  return out;
}

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "cellm: internal error at %s:%d: %s does not hold; please report it\n", file,
               line, expression);
  std::abort();
}

}  // namespace cellm
