#include "constrain/grammar.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/limits.h"
#include "constrain/grammar_analysis.h"

namespace cellm {

std::uint32_t GrammarBuilder::node() {
  if (grammar_.nodes.size() + grammar_.edges.size() >= kMaxGrammarParts) {
    throw usage_error("the grammar has more than {} parts", kMaxGrammarParts);
  }
  grammar_.nodes.emplace_back();
  return static_cast<std::uint32_t>(grammar_.nodes.size() - 1);
}

void GrammarBuilder::edge(std::uint32_t from, const GrammarEdge& edge) {
  if (grammar_.nodes.size() + grammar_.edges.size() >= kMaxGrammarParts) {
    throw usage_error("the grammar has more than {} parts", kMaxGrammarParts);
  }
  grammar_.edges.push_back(edge);
  froms_.push_back(from);
}

std::uint32_t GrammarBuilder::byte(std::uint32_t from, std::uint8_t low, std::uint8_t high) {
  const std::uint32_t to = node();
  bytes(from, low, high, to);
  return to;
}

std::uint32_t GrammarBuilder::literal(std::uint32_t from, std::string_view text) {
  for (const char c : text) {
    from = byte(from, static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(c));
  }
  return from;
}

std::uint32_t GrammarBuilder::one_of(std::uint32_t from, std::span<const std::string> texts) {
  std::vector<std::string_view> sorted(texts.begin(), texts.end());
  std::sort(sorted.begin(), sorted.end());
  const std::uint32_t to = node();
  std::vector<std::uint32_t> path{from};  // of the text before
  std::string_view before;
  for (const std::string_view text : sorted) {
    const auto common = static_cast<std::size_t>(
        std::mismatch(text.begin(), text.end(), before.begin(), before.end()).first - text.begin());
    path.resize(common + 1);
    for (std::size_t i = common; i < text.size(); ++i) {
      const auto value = static_cast<std::uint8_t>(text[i]);
      path.push_back(byte(path.back(), value, value));
    }
    empty(path.back(), to);
    before = text;
  }
  return to;
}

std::uint32_t GrammarBuilder::call(std::uint32_t from, std::uint32_t rule) {
  const std::uint32_t to = node();
  edge(from, {GrammarEdge::Kind::kCall, 0, 0, to, rule});
  return to;
}

std::uint32_t GrammarBuilder::repeat(std::uint32_t from, std::uint32_t rule, std::uint32_t min,
                                     const std::uint32_t* max) {
  if (min > kMaxGrammarRepeat || (max != nullptr && *max > kMaxGrammarRepeat)) {
    throw usage_error("{} repetitions are more than {}", std::max(min, max ? *max : 0),
                      kMaxGrammarRepeat);
  }
  CELLM_CHECK(max == nullptr || min <= *max);
  const auto once = [&](std::uint32_t at) { return call(at, rule); };
  const auto counted = [&](std::uint32_t least, std::uint32_t most) {
    const std::uint32_t to = node();
    grammar_.repeats.push_back({rule, least, most});
    edge(from, {GrammarEdge::Kind::kRepeat, 0, 0, to,
                static_cast<std::uint32_t>(grammar_.repeats.size() - 1)});
    return to;
  };
  if (max == nullptr) {
    if (min == 0) return any_number(from, once);
    if (min == 1) return at_least_one(from, once);
    from = counted(min, min);
    return any_number(from, once);
  }
  if (*max == 0) return from;
  if (*max == 1) return min == 1 ? once(from) : optional(from, once);
  return counted(min, *max);
}

std::uint32_t GrammarBuilder::rule(std::string name) {
  const std::uint32_t start = node();
  const std::uint32_t end = node();
  grammar_.nodes[end].is_end = true;
  grammar_.rules.push_back({std::move(name), start, end});
  return static_cast<std::uint32_t>(grammar_.rules.size() - 1);
}

std::uint32_t GrammarBuilder::import(const Grammar& other) {
  const auto first_node = static_cast<std::uint32_t>(grammar_.nodes.size());
  const auto first_rule = static_cast<std::uint32_t>(grammar_.rules.size());
  const auto first_repeat = static_cast<std::uint32_t>(grammar_.repeats.size());
  const auto nodes = static_cast<std::uint32_t>(other.nodes.size() - 1);
  for (std::uint32_t i = 0; i < nodes; ++i) {
    const std::uint32_t at = node();
    grammar_.nodes[at].is_end = other.nodes[i].is_end;
  }
  for (std::uint32_t i = 0; i < nodes; ++i) {
    for (GrammarEdge copy : other.edges_of(i)) {
      copy.target += first_node;
      if (copy.kind == GrammarEdge::Kind::kCall) copy.what += first_rule;
      if (copy.kind == GrammarEdge::Kind::kRepeat) copy.what += first_repeat;
      edge(first_node + i, copy);
    }
  }
  for (const GrammarRule& one : other.rules) {
    grammar_.rules.push_back({one.name, one.start + first_node, one.end + first_node});
  }
  for (const GrammarRepeat& one : other.repeats) {
    grammar_.repeats.push_back({one.rule + first_rule, one.min, one.max});
  }
  return first_rule + other.root;
}

Grammar GrammarBuilder::finish(std::uint32_t root) {
  Grammar grammar = std::exchange(grammar_, {});
  const std::vector<std::uint32_t> froms = std::exchange(froms_, {});
  grammar.root = root;
  analyse(grammar, froms);
  return grammar;
}

}  // namespace cellm
