// Sets of Unicode characters.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "constrain/grammar.h"

namespace cellm {

// Code points without surrogates, as sorted ranges with gaps between them.
class CharSet {
 public:
  struct Range {
    char32_t first;
    char32_t last;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy takes the comparison with 0 for a pointer
    auto operator<=>(const Range&) const = default;
  };

  CharSet() = default;
  CharSet(std::initializer_list<Range> ranges) {
    for (const Range& range : ranges) add(range.first, range.last);
  }
  static CharSet all() { return CharSet{{0, 0x10FFFF}}; }

  void add(char32_t first, char32_t last);  // those that are no surrogates
  void add(const CharSet& other);
  CharSet complement() const;
  CharSet without(const CharSet& other) const { return common(other.complement()); }
  CharSet common(const CharSet& other) const;
  bool contains(char32_t code) const;
  bool empty() const { return ranges_.empty(); }
  const std::vector<Range>& ranges() const { return ranges_; }
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy takes the comparison with 0 for a pointer
  auto operator<=>(const CharSet&) const = default;

 private:
  std::vector<Range> ranges_;
};

// Character classes of regular expressions. What languages disagree on is in `most` but not in
// `least`: ECMAScript's \d is [0-9], Python's all decimal digits.
struct CharClass {
  CharSet least;
  CharSet most;
};
const CharClass& digit_class();  // \d
const CharClass& word_class();   // \w
const CharClass& space_class();  // \s

// The characters of a general category ("L", "Lu"...) or of its long name; empty: unknown.
CharSet category(std::string_view name);

// Appends one character of a set in UTF-8.
std::uint32_t append_character(GrammarBuilder& builder, std::uint32_t from, const CharSet& set);

}  // namespace cellm
