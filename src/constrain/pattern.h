// Regular expressions as trees.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "constrain/char_set.h"
#include "constrain/grammar.h"

namespace cellm {

struct Pattern {
  enum class Kind : std::uint8_t {
    kSet,       // a character of `set`
    kSequence,  // all parts, one after another
    kAlternatives,
    kRepeat,  // the only part, `min` to `max` times
    kRule,    // a text of a rule of the builder
    kBegin,   // ^: nothing, at the begin of the text
    kEnd,     // $: nothing, at the end of the text
  };
  Kind kind = Kind::kSequence;
  CharSet set = {};
  std::vector<Pattern> parts = {};
  std::uint32_t min = 0;
  std::optional<std::uint32_t> max = {};  // nothing: any number
  std::uint32_t rule = 0;
};

// The common part of ECMAScript (with the flag u) and Python's `re`; where they match different
// texts, those that both match. Throws Error(kUnsupported), naming the byte, for what is not
// regular or not known (lookaround, references back, word boundaries, flags), Error(kUsage) for
// what is malformed.
Pattern parse_pattern(std::string_view text);

// The texts that a pattern matches as a whole; ^ and $ are then true at the ends. Throws
// Error(kUnsupported) for anchors inside.
Pattern whole_match(Pattern pattern);
// The texts in which it matches anywhere.
Pattern search_match(Pattern pattern);

// Appends one character of a set.
using AppendSet = std::function<std::uint32_t(std::uint32_t from, const CharSet& set)>;
// Appends a text of a pattern without anchors.
std::uint32_t append_pattern(GrammarBuilder& builder, std::uint32_t from, const Pattern& pattern,
                             const AppendSet& append_set);
// The same for texts of `min` to `max` characters. Throws Error(kUnsupported) if the pattern with
// its length is too large for a table (kMaxPatternStates, kMaxPatternTable).
std::uint32_t append_pattern(GrammarBuilder& builder, std::uint32_t from, const Pattern& pattern,
                             std::uint32_t min, std::optional<std::uint32_t> max,
                             const AppendSet& append_set);

}  // namespace cellm
