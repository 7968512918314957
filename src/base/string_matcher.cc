#include "base/string_matcher.h"

#include <utility>

#include "base/error.h"

namespace cellm {

StringMatcher::StringMatcher(std::string string)
    : string_(std::move(string)), border_(string_.size() + 1, 0) {
  CELLM_CHECK(!string_.empty());
  for (std::size_t n = 2; n <= string_.size(); ++n) {
    std::size_t length = border_[n - 1];
    while (length != 0 && string_[length] != string_[n - 1]) length = border_[length];
    border_[n] = length + (string_[length] == string_[n - 1] ? 1 : 0);
  }
}

std::size_t StringMatcher::next(std::size_t matched, char byte) const {
  while (matched != 0 && string_[matched] != byte) matched = border_[matched];
  return string_[matched] == byte ? matched + 1 : matched;
}

bool StringMatcher::push(char byte) {
  matched_ = next(matched_, byte);
  if (matched_ < string_.size()) return false;
  matched_ = border_[matched_];
  return true;
}

}  // namespace cellm
