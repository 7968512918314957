#include "base/today.h"

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include <fmt/format.h>

namespace cellm {

std::string today_utc() {
  std::time_t now = std::time(nullptr);
  if (const char* given = std::getenv("SOURCE_DATE_EPOCH")) {
    const std::string_view text(given);
    std::time_t epoch = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), epoch);
    if (failure == std::errc() && end == text.data() + text.size()) now = epoch;
  }
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

}  // namespace cellm
