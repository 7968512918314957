#include "constrain/schema_formats.h"

#include <array>
#include <string>
#include <utility>

namespace cellm {
namespace {

// The 29th of February is in years divisible by 4, of full centuries in those divisible by 400.
const std::string& date_pattern() {
  static const std::string pattern = [] {
    const std::string by_four = "(?:0[48]|[2468][048]|[13579][26])";
    return "(?:[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
           "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
           "|(?:[1-9][0-9]" +
           by_four + "|(?:[2468][048]|[13579][26])00)-02-29)";
  }();
  return pattern;
}

constexpr const char* kTime =
    "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?"
    "(?:Z|[+\\-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
constexpr const char* kByte = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
constexpr const char* kAtom = "[A-Za-z0-9!#$%&'*+/=?^_`\\{|\\}~\\-]{1,20}";
constexpr const char* kLabel = "[A-Za-z0-9](?:[A-Za-z0-9\\-]{0,28}[A-Za-z0-9])?";

}  // namespace

std::string_view format_pattern(std::string_view format) {
  static const std::array<std::pair<std::string_view, std::string>, 6> patterns{{
      {"date", date_pattern()},
      {"time", kTime},
      {"date-time", date_pattern() + "T" + kTime},
      {"uuid", "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"},
      {"ipv4", std::string(kByte) + "(?:\\." + kByte + "){3}"},
      {"email",
       std::string(kAtom) + "(?:\\." + kAtom + "){0,2}@" + kLabel + "(?:\\." + kLabel + "){1,4}"},
  }};
  for (const auto& [name, pattern] : patterns) {
    if (name == format) return pattern;
  }
  return {};
}

}  // namespace cellm
