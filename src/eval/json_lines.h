// Files of one JSON object per line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace cellm {

inline constexpr std::string_view kLineSpaces = " \t\n\r\f\v";

// Without white space at both ends.
inline std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kLineSpaces), text.size());
  return text.substr(begin, text.find_last_not_of(kLineSpaces) + 1 - begin);
}

// The items of such a text; `source` names it. parse(line, "SOURCE: line N") reads one. Lines of
// white space are skipped. At least one item, else Error(kData).
template <typename Item>
std::vector<Item> parse_json_lines(std::string_view text, std::string_view source,
                                   Item (*parse)(std::string_view line, const std::string& where)) {
  std::vector<Item> items;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (trimmed(line).empty()) continue;
    items.push_back(parse(line, fmt::format("{}: line {}", source, number)));
  }
  if (items.empty()) throw data_error("{}: the file has no items", source);
  return items;
}

}  // namespace cellm
