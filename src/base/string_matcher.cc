#include "engine/string_matcher.h"

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

bool StringMatcher::push(char byte) {
  while (matched_ != 0 && string_[matched_] != byte) matched_ = border_[matched_];
  if (string_[matched_] == byte) ++matched_;
  if (matched_ < string_.size()) return false;
  matched_ = border_[matched_];
  return true;
}

}  // namespace cellm
