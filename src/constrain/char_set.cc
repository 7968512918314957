#include "constrain/char_set.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include <utf8proc.h>

#include "base/utf8.h"

namespace cellm {
namespace {

constexpr char32_t kLast = 0x10FFFF;
constexpr char32_t kFirstSurrogate = 0xD800;
constexpr char32_t kLastSurrogate = 0xDFFF;

// Code points of one general category, one after another.
struct Run {
  char32_t first;
  char32_t last;
  std::string_view category;
};

const std::vector<Run>& category_runs() {
  static const std::vector<Run> runs = [] {
    std::vector<Run> made;
    for (char32_t code = 0; code <= kLast; ++code) {
      const std::string_view name = utf8proc_category_string(static_cast<utf8proc_int32_t>(code));
      if (made.empty() || made.back().category != name) made.push_back({code, code, name});
      made.back().last = code;
    }
    return made;
  }();
  return runs;
}

template <class Contains>
CharSet set_of_categories(Contains&& contains) {
  CharSet set;
  for (const Run& run : category_runs()) {
    if (contains(run.category)) set.add(run.first, run.last);
  }
  return set;
}

// Bytes that the characters of a range of equal length have at each place: one alternative.
struct ByteRange {
  std::uint8_t low;
  std::uint8_t high;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy takes the comparison with 0 for a pointer
  auto operator<=>(const ByteRange&) const = default;
};
using Sequence = std::vector<ByteRange>;

// Splits a range so that each part is a product of byte ranges.
void split(char32_t first, char32_t last, std::vector<Sequence>& out) {
  for (const char32_t limit : {char32_t{0x7F}, char32_t{0x7FF}, char32_t{0xFFFF}}) {
    if (first <= limit && limit < last) {
      split(first, limit, out);
      split(limit + 1, last, out);
      return;
    }
  }
  for (const char32_t mask : {char32_t{0x3F}, char32_t{0xFFF}, char32_t{0x3FFFF}}) {
    if (last <= 0x7F || (first & ~mask) == (last & ~mask)) break;
    if ((first & mask) != 0) {
      split(first, first | mask, out);
      split((first | mask) + 1, last, out);
      return;
    }
    if ((last & mask) != mask) {
      split(first, (last & ~mask) - 1, out);
      split(last & ~mask, last, out);
      return;
    }
  }
  std::string low;
  std::string high;
  append_utf8(low, first);
  append_utf8(high, last);
  Sequence sequence;
  for (std::size_t i = 0; i < low.size(); ++i) {
    sequence.push_back({static_cast<std::uint8_t>(low[i]), static_cast<std::uint8_t>(high[i])});
  }
  out.push_back(std::move(sequence));
}

// Appends the alternatives with shared beginnings and shared ends.
class Alternatives {
 public:
  Alternatives(GrammarBuilder& builder, std::uint32_t to) : builder_(builder), to_(to) {}

  void append(std::uint32_t from, const std::vector<Sequence>& sequences) {
    for (std::size_t i = 0; i < sequences.size();) {
      const ByteRange range = sequences[i].front();
      std::vector<Sequence> rests;
      for (; i < sequences.size() && sequences[i].front() == range; ++i) {
        rests.emplace_back(sequences[i].begin() + 1, sequences[i].end());
      }
      builder_.bytes(from, range.low, range.high, target(rests));
    }
  }

 private:
  std::uint32_t target(const std::vector<Sequence>& rests) {
    if (rests.front().empty()) return to_;
    const auto found = nodes_.find(rests);
    if (found != nodes_.end()) return found->second;
    const std::uint32_t node = builder_.node();
    nodes_.emplace(rests, node);
    append(node, rests);
    return node;
  }

  GrammarBuilder& builder_;
  std::uint32_t to_;
  std::map<std::vector<Sequence>, std::uint32_t> nodes_;
};

}  // namespace

void CharSet::add(char32_t first, char32_t last) {
  if (first <= kLastSurrogate && last >= kFirstSurrogate) {
    if (first < kFirstSurrogate) add(first, kFirstSurrogate - 1);
    if (last > kLastSurrogate) add(kLastSurrogate + 1, last);
    return;
  }
  // Ranges that touch the new one become one with it. Those around the surrogates do not touch.
  auto begin = std::partition_point(ranges_.begin(), ranges_.end(),
                                    [&](const Range& r) { return r.last + 1 < first; });
  auto end = begin;
  for (; end != ranges_.end() && end->first <= last + 1; ++end) {
    first = std::min(first, end->first);
    last = std::max(last, end->last);
  }
  begin = ranges_.erase(begin, end);
  ranges_.insert(begin, {first, last});
}

void CharSet::add(const CharSet& other) {
  for (const Range& range : other.ranges_) add(range.first, range.last);
}

CharSet CharSet::complement() const {
  CharSet set;
  char32_t next = 0;
  for (const Range& range : ranges_) {
    if (range.first > next) set.add(next, range.first - 1);
    next = range.last + 1;
  }
  if (next <= kLast) set.add(next, kLast);
  return set;
}

CharSet CharSet::common(const CharSet& other) const {
  CharSet set;
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    const char32_t first = std::max(a->first, b->first);
    const char32_t last = std::min(a->last, b->last);
    if (first <= last) set.ranges_.push_back({first, last});
    if (a->last < b->last) {
      ++a;
    } else {
      ++b;
    }
  }
  return set;
}

bool CharSet::contains(char32_t code) const {
  const auto range = std::partition_point(ranges_.begin(), ranges_.end(),
                                          [&](const Range& r) { return r.last < code; });
  return range != ranges_.end() && range->first <= code;
}

const CharClass& digit_class() {
  static const CharClass set{CharSet{{'0', '9'}}, category("Nd")};
  return set;
}

const CharClass& word_class() {
  static const CharClass set{CharSet{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
                             set_of_categories([](std::string_view name) {
                               return name[0] == 'L' || name[0] == 'M' || name[0] == 'N' ||
                                      name == "Pc";
                             })};
  return set;
}

const CharClass& space_class() {
  static const CharClass set = [] {
    CharClass made;
    made.least = category("Zs");
    made.least.add(CharSet{{'\t', '\r'}, {0x2028, 0x2029}});
    made.most = made.least;
    made.most.add(CharSet{{0x1C, 0x1F}, {0x85, 0x85}, {0x180E, 0x180E}, {0xFEFF, 0xFEFF}});
    return made;
  }();
  return set;
}

CharSet category(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kLong{{
      {"Letter", "L"},
      {"Mark", "M"},
      {"Number", "N"},
      {"Punctuation", "P"},
      {"Symbol", "S"},
      {"Separator", "Z"},
      {"Lowercase_Letter", "Ll"},
      {"Uppercase_Letter", "Lu"},
      {"Titlecase_Letter", "Lt"},
      {"Modifier_Letter", "Lm"},
      {"Other_Letter", "Lo"},
      {"Decimal_Number", "Nd"},
      {"Letter_Number", "Nl"},
      {"Other_Number", "No"},
      {"Space_Separator", "Zs"},
      {"Connector_Punctuation", "Pc"},
      {"Dash_Punctuation", "Pd"},
  }};
  for (const auto& [full, code] : kLong) {
    if (name == full) return category(code);
  }
  if (name.empty() || name.size() > 2) return {};
  return set_of_categories([&](std::string_view one) { return one.starts_with(name); });
}

std::uint32_t append_character(GrammarBuilder& builder, std::uint32_t from, const CharSet& set) {
  std::vector<Sequence> sequences;
  for (const CharSet::Range& range : set.ranges()) split(range.first, range.last, sequences);
  const std::uint32_t to = builder.node();
  Alternatives(builder, to).append(from, sequences);
  return to;
}

}  // namespace cellm
