#include "constrain/pattern.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/limits.h"

namespace cellm {
namespace {

using Kind = Pattern::Kind;

bool is_anchor(const Pattern& pattern) {
  return pattern.kind == Kind::kBegin || pattern.kind == Kind::kEnd;
}

void refuse_anchors(const Pattern& pattern) {
  if (is_anchor(pattern)) {
    throw unsupported_error("an anchor (^ or $) inside of a pattern is not supported");
  }
  for (const Pattern& part : pattern.parts) refuse_anchors(part);
}

enum class Anchored : std::uint8_t { kNo, kYes, kSome };

Pattern& edge_of(Pattern& sequence, Kind anchor) {
  return anchor == Kind::kBegin ? sequence.parts.front() : sequence.parts.back();
}

// Removes the anchors at one edge, and tells which alternatives had one.
Anchored strip(Pattern& pattern, Kind anchor) {
  if (pattern.kind == anchor) {
    pattern = Pattern{Kind::kSequence};
    return Anchored::kYes;
  }
  if (pattern.kind == Kind::kAlternatives) {
    std::set<Anchored> found;
    for (Pattern& part : pattern.parts) found.insert(strip(part, anchor));
    return found.size() == 1 ? *found.begin() : Anchored::kSome;
  }
  if (pattern.kind != Kind::kSequence || pattern.parts.empty()) return Anchored::kNo;
  const Anchored result = strip(edge_of(pattern, anchor), anchor);
  const Pattern& edge = edge_of(pattern, anchor);
  if (result == Anchored::kYes && edge.kind == Kind::kSequence && edge.parts.empty()) {
    // What stands behind it is at the edge too.
    pattern.parts.erase(anchor == Kind::kBegin ? pattern.parts.begin() : pattern.parts.end() - 1);
    strip(pattern, anchor);
  }
  return result;
}

bool strip_for_search(Pattern& pattern, Kind anchor) {
  const Anchored anchored = strip(pattern, anchor);
  if (anchored == Anchored::kSome) {
    throw unsupported_error("a group with an anchor (^ or $) in some alternatives only");
  }
  return anchored == Anchored::kYes;
}

Pattern any_text() {
  Pattern repeat{Kind::kRepeat};
  repeat.parts.push_back({Kind::kSet, CharSet::all()});
  return repeat;
}

// Sequences in sequences as one.
void flatten(Pattern& pattern) {
  for (Pattern& part : pattern.parts) flatten(part);
  if (pattern.kind != Kind::kSequence) return;
  std::vector<Pattern> parts;
  for (Pattern& part : pattern.parts) {
    if (part.kind == Kind::kSequence) {
      std::move(part.parts.begin(), part.parts.end(), std::back_inserter(parts));
    } else {
      parts.push_back(std::move(part));
    }
  }
  pattern.parts = std::move(parts);
}

// Counts up to here are written out for single characters.
constexpr std::uint32_t kWrittenOut = 32;

class Appender {
 public:
  Appender(GrammarBuilder& builder, const AppendSet& append_set)
      : builder_(builder), append_set_(append_set) {}

  std::uint32_t append(std::uint32_t from, const Pattern& pattern) {
    switch (pattern.kind) {
      case Kind::kSet:
        return append_set_(from, pattern.set);
      case Kind::kAlternatives: {
        const std::uint32_t to = builder_.node();
        for (const Pattern& part : pattern.parts) builder_.empty(append(from, part), to);
        return to;
      }
      case Kind::kRepeat:
        return append_repeat(from, pattern);
      case Kind::kRule:
        return builder_.call(from, pattern.rule);
      default:
        for (const Pattern& part : pattern.parts) from = append(from, part);
        return from;
    }
  }

 private:
  std::uint32_t append_repeat(std::uint32_t from, const Pattern& pattern) {
    const Pattern& part = pattern.parts.front();
    const auto once = [&](std::uint32_t at) { return append(at, part); };
    if (!pattern.max && pattern.min == 0) return builder_.any_number(from, once);
    if (!pattern.max && pattern.min == 1) return builder_.at_least_one(from, once);
    if (pattern.max == 0U) return from;
    const bool is_short = part.kind == Kind::kSet && pattern.max.value_or(0) <= kWrittenOut &&
                          pattern.min <= kWrittenOut;
    if (pattern.max == 1U || is_short) {
      for (std::uint32_t i = 0; i < pattern.min; ++i) from = once(from);
      if (!pattern.max) return builder_.any_number(from, once);
      const std::uint32_t to = builder_.node();
      for (std::uint32_t i = pattern.min; i < *pattern.max; ++i) {
        builder_.empty(from, to);
        from = once(from);
      }
      builder_.empty(from, to);
      return to;
    }
    const std::uint32_t rule = builder_.rule("a part of a pattern");
    builder_.end(rule, once(builder_.start(rule)));
    return builder_.repeat(from, rule, pattern.min, pattern.max ? &*pattern.max : nullptr);
  }

  GrammarBuilder& builder_;
  const AppendSet& append_set_;
};

// A pattern as an automaton over characters, with counts written out.
struct CharAutomaton {
  struct Edge {
    const CharSet* set;  // null: nothing
    std::uint32_t to;
  };
  std::vector<std::vector<Edge>> edges = std::vector<std::vector<Edge>>(1);

  std::uint32_t node() {
    if (edges.size() >= kMaxPatternStates) {
      throw unsupported_error("a pattern of more than {} states with a limited length",
                              kMaxPatternStates);
    }
    edges.emplace_back();
    return static_cast<std::uint32_t>(edges.size() - 1);
  }
  std::uint32_t connect(std::uint32_t from, const CharSet* set) {
    const std::uint32_t to = node();
    edges[from].push_back({set, to});
    return to;
  }
  std::uint32_t append(std::uint32_t from, const Pattern& pattern) {
    if (pattern.kind == Kind::kSet) return connect(from, &pattern.set);
    if (pattern.kind == Kind::kSequence) {
      for (const Pattern& part : pattern.parts) from = append(from, part);
      return from;
    }
    if (pattern.kind == Kind::kAlternatives) {
      const std::uint32_t to = node();
      for (const Pattern& part : pattern.parts) {
        const std::uint32_t last = append(connect(from, nullptr), part);
        edges[last].push_back({nullptr, to});
      }
      return to;
    }
    const Pattern& part = pattern.parts.front();
    for (std::uint32_t i = 0; i < pattern.min; ++i) from = append(connect(from, nullptr), part);
    if (!pattern.max) {
      const std::uint32_t loop = connect(from, nullptr);
      const std::uint32_t last = append(connect(loop, nullptr), part);
      edges[last].push_back({nullptr, loop});
      return loop;
    }
    const std::uint32_t to = node();
    for (std::uint32_t i = pattern.min; i < *pattern.max; ++i) {
      edges[from].push_back({nullptr, to});
      from = append(connect(from, nullptr), part);
    }
    edges[from].push_back({nullptr, to});
    return to;
  }
};

// The automaton beside a count of characters.
std::uint32_t append_table(GrammarBuilder& builder, std::uint32_t from, const Pattern& pattern,
                           std::uint32_t min, std::optional<std::uint32_t> max,
                           const AppendSet& append_set) {
  CharAutomaton automaton;
  const std::uint32_t end = automaton.append(0, pattern);
  const std::uint32_t to = builder.node();
  std::map<CharSet, std::uint32_t> rules;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> nodes;  // by state and count
  std::vector<std::pair<std::uint32_t, std::uint32_t>> queue;
  const auto node_of = [&](std::uint32_t state, std::uint32_t count) {
    const auto [found, is_new] = nodes.try_emplace({state, count}, 0);
    if (is_new) {
      if (nodes.size() > kMaxPatternTable) {
        throw unsupported_error("a pattern with a length is more than a table of {}",
                                kMaxPatternTable);
      }
      found->second = builder.node();
      queue.emplace_back(state, count);
    }
    return found->second;
  };
  builder.empty(from, node_of(0, 0));
  while (!queue.empty()) {
    const auto [state, count] = queue.back();
    queue.pop_back();
    const std::uint32_t here = node_of(state, count);
    if (state == end && count >= min) builder.empty(here, to);
    for (const CharAutomaton::Edge& edge : automaton.edges[state]) {
      if (edge.set == nullptr) {
        builder.empty(here, node_of(edge.to, count));
        continue;
      }
      if (max && count == *max) continue;
      const auto [rule, is_new] = rules.try_emplace(*edge.set, 0);
      if (is_new) {
        rule->second = builder.rule("a character");
        builder.end(rule->second, append_set(builder.start(rule->second), *edge.set));
      }
      const std::uint32_t next = max ? count + 1 : std::min(count + 1, min);
      builder.empty(builder.call(here, rule->second), node_of(edge.to, next));
    }
  }
  return to;
}

// A single set that is repeated; null for other patterns.
const Pattern* repeated_set(const Pattern& pattern) {
  const Pattern* only = &pattern;
  while (only->kind == Kind::kSequence && only->parts.size() == 1) only = &only->parts.front();
  const bool is = only->kind == Kind::kRepeat && only->parts.front().kind == Kind::kSet;
  return is ? only : nullptr;
}

}  // namespace

Pattern whole_match(Pattern pattern) {
  flatten(pattern);
  strip(pattern, Kind::kBegin);
  strip(pattern, Kind::kEnd);
  refuse_anchors(pattern);
  return pattern;
}

Pattern search_match(Pattern pattern) {
  flatten(pattern);
  std::vector<Pattern> choices;
  if (pattern.kind == Kind::kAlternatives) {
    choices = std::move(pattern.parts);
  } else {
    choices.push_back(std::move(pattern));
  }
  Pattern result{Kind::kAlternatives};
  for (Pattern& choice : choices) {
    Pattern whole{Kind::kSequence};
    if (!strip_for_search(choice, Kind::kBegin)) whole.parts.push_back(any_text());
    const bool to_end = strip_for_search(choice, Kind::kEnd);
    refuse_anchors(choice);
    whole.parts.push_back(std::move(choice));
    if (!to_end) whole.parts.push_back(any_text());
    result.parts.push_back(std::move(whole));
  }
  flatten(result);
  if (result.parts.size() > 1) return result;
  Pattern only = std::move(result.parts.front());
  return only;
}

std::uint32_t append_pattern(GrammarBuilder& builder, std::uint32_t from, const Pattern& pattern,
                             const AppendSet& append_set) {
  return Appender(builder, append_set).append(from, pattern);
}

std::uint32_t append_pattern(GrammarBuilder& builder, std::uint32_t from, const Pattern& pattern,
                             std::uint32_t min, std::optional<std::uint32_t> max,
                             const AppendSet& append_set) {
  if (min == 0 && !max) return append_pattern(builder, from, pattern, append_set);
  const Pattern* repeated = repeated_set(pattern);
  if (repeated == nullptr) return append_table(builder, from, pattern, min, max, append_set);
  Pattern limited = *repeated;
  limited.min = std::max(limited.min, min);
  if (max && limited.max) limited.max = std::min(*limited.max, *max);
  if (!limited.max) limited.max = max;
  if (limited.max && *limited.max < limited.min) {
    throw usage_error("no text of the allowed length matches the pattern");
  }
  return append_pattern(builder, from, limited, append_set);
}

}  // namespace cellm
