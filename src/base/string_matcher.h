// Search for a string in a text that arrives byte by byte.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cellm {

// The algorithm of Knuth, Morris and Pratt. Time and memory are linear.
class StringMatcher {
 public:
  // string: not empty.
  explicit StringMatcher(std::string string);

  // Whether an occurrence of the string ends with this byte of the text. Occurrences may overlap.
  bool push(char byte);

  // Length of the longest beginning of the string that ends a text, after one more byte; `matched`,
  // below size(), is this length before. A pure function, for searches that keep it themselves.
  std::size_t next(std::size_t matched, char byte) const;

  // Length of the longest beginning of the string, shorter than the string, that ends the text.
  std::size_t matched() const { return matched_; }
  std::size_t size() const { return string_.size(); }

 private:
  std::string string_;
  // border_[n]: length of the longest beginning of the first n bytes that also ends them, below n.
  std::vector<std::size_t> border_;
  std::size_t matched_ = 0;
};

}  // namespace cellm
