#include "constrain/grammar_analysis.h"

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace cellm {
namespace {

using Kind = GrammarEdge::Kind;

std::uint32_t rule_of(const Grammar& grammar, const GrammarEdge& edge) {
  return edge.kind == Kind::kCall ? edge.what : grammar.repeats[edge.what].rule;
}

bool has_rule(const GrammarEdge& edge) {
  return edge.kind == Kind::kCall || edge.kind == Kind::kRepeat;
}

bool may_be_left_out(const Grammar& grammar, const GrammarEdge& edge) {
  return edge.kind == Kind::kRepeat && grammar.repeats[edge.what].min == 0;
}

void sort_edges(Grammar& grammar, std::span<const std::uint32_t> froms) {
  grammar.nodes.emplace_back();
  for (const std::uint32_t from : froms) ++grammar.nodes[from + 1].first_edge;
  for (std::size_t i = 1; i < grammar.nodes.size(); ++i) {
    grammar.nodes[i].first_edge += grammar.nodes[i - 1].first_edge;
  }
  std::vector<GrammarEdge> sorted(grammar.edges.size());
  std::vector<std::uint32_t> next;
  for (const GrammarNode& node : grammar.nodes) next.push_back(node.first_edge);
  for (std::size_t i = 0; i < froms.size(); ++i) sorted[next[froms[i]]++] = grammar.edges[i];
  grammar.edges = std::move(sorted);
}

// Lists of edges by what they have in common: those that go to a node, or name a rule.
struct EdgeLists {
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> edges;

  template <class KeyOf>
  EdgeLists(std::size_t keys, std::size_t count, KeyOf&& key_of) : first(keys + 1) {
    for (std::uint32_t i = 0; i < count; ++i) {
      if (const auto key = key_of(i); key < keys) ++first[key + 1];
    }
    for (std::size_t i = 1; i <= keys; ++i) first[i] += first[i - 1];
    edges.resize(first[keys]);
    std::vector<std::uint32_t> next = first;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (const auto key = key_of(i); key < keys) edges[next[key]++] = i;
    }
  }
  std::span<const std::uint32_t> of(std::size_t key) const {
    return std::span(edges).subspan(first[key], first[key + 1] - first[key]);
  }
};

// The nodes from which the end of their rule can be reached, with bytes or without any.
std::vector<bool> reaching_end(const Grammar& grammar, bool with_bytes) {
  const std::size_t nodes = grammar.nodes.size() - 1;
  std::vector<std::uint32_t> froms(grammar.edges.size());
  for (std::uint32_t node = 0; node < nodes; ++node) {
    for (std::uint32_t i = grammar.nodes[node].first_edge; i < grammar.nodes[node + 1].first_edge;
         ++i) {
      froms[i] = node;
    }
  }
  const EdgeLists entering(nodes, grammar.edges.size(),
                           [&](std::uint32_t i) { return grammar.edges[i].target; });
  const EdgeLists naming(grammar.rules.size(), grammar.edges.size(), [&](std::uint32_t i) {
    return has_rule(grammar.edges[i]) ? rule_of(grammar, grammar.edges[i]) : ~std::uint32_t{0};
  });
  std::vector<std::vector<std::uint32_t>> starting(nodes);  // rules
  for (std::uint32_t rule = 0; rule < grammar.rules.size(); ++rule) {
    starting[grammar.rules[rule].start].push_back(rule);
  }
  std::vector<bool> reaching(nodes);
  std::vector<std::uint32_t> queue;
  const auto reach = [&](std::uint32_t node) {
    if (reaching[node]) return;
    reaching[node] = true;
    queue.push_back(node);
  };
  const auto passable = [&](const GrammarEdge& edge) {
    if (edge.kind == Kind::kBytes) return with_bytes;
    if (edge.kind == Kind::kEmpty || may_be_left_out(grammar, edge)) return true;
    return static_cast<bool>(reaching[grammar.rules[rule_of(grammar, edge)].start]);
  };
  for (const GrammarRule& rule : grammar.rules) reach(rule.end);
  while (!queue.empty()) {
    const std::uint32_t node = queue.back();
    queue.pop_back();
    for (const std::uint32_t i : entering.of(node)) {
      if (passable(grammar.edges[i])) reach(froms[i]);
    }
    for (const std::uint32_t rule : starting[node]) {
      for (const std::uint32_t i : naming.of(rule)) {
        if (reaching[grammar.edges[i].target]) reach(froms[i]);
      }
    }
  }
  return reaching;
}

void remove_dead_ends(Grammar& grammar) {
  const std::vector<bool> productive = reaching_end(grammar, true);
  if (!productive[grammar.rules[grammar.root].start]) {
    throw usage_error("no text of finite length satisfies the grammar");
  }
  std::vector<GrammarEdge> kept;
  std::uint32_t begin = 0;
  for (std::size_t node = 0; node + 1 < grammar.nodes.size(); ++node) {
    const std::uint32_t end = grammar.nodes[node + 1].first_edge;
    grammar.nodes[node].first_edge = static_cast<std::uint32_t>(kept.size());
    for (; begin < end; ++begin) {
      GrammarEdge edge = grammar.edges[begin];
      if (!productive[edge.target]) continue;
      if (has_rule(edge) && !productive[grammar.rules[rule_of(grammar, edge)].start]) {
        if (!may_be_left_out(grammar, edge)) continue;
        edge = {Kind::kEmpty, 0, 0, edge.target, 0};
      }
      kept.push_back(edge);
    }
  }
  grammar.nodes.back().first_edge = static_cast<std::uint32_t>(kept.size());
  grammar.edges = std::move(kept);
}

void find_nullable(Grammar& grammar) {
  const std::vector<bool> nullable = reaching_end(grammar, false);
  for (GrammarRule& rule : grammar.rules) rule.nullable = nullable[rule.start];
  for (GrammarRepeat& repeat : grammar.repeats) {
    if (grammar.rules[repeat.rule].nullable) repeat.min = 0;
  }
}

// The rules that a text of `rule` can begin with.
std::vector<std::uint32_t> beginnings(const Grammar& grammar, std::uint32_t rule,
                                      std::vector<std::uint32_t>& seen) {
  std::vector<std::uint32_t> rules;
  std::vector<std::uint32_t> queue;
  const auto visit = [&](std::uint32_t node) {
    if (seen[node] == rule + 1) return;
    seen[node] = rule + 1;
    queue.push_back(node);
  };
  visit(grammar.rules[rule].start);
  while (!queue.empty()) {
    const std::uint32_t node = queue.back();
    queue.pop_back();
    for (const GrammarEdge& edge : grammar.edges_of(node)) {
      if (edge.kind == Kind::kEmpty) visit(edge.target);
      if (!has_rule(edge)) continue;
      rules.push_back(rule_of(grammar, edge));
      if (grammar.rules[rules.back()].nullable || may_be_left_out(grammar, edge)) {
        visit(edge.target);
      }
    }
  }
  std::sort(rules.begin(), rules.end());
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  return rules;
}

// Ranks in topological order (Kahn's algorithm); what is left lies on a cycle or behind one.
void rank_rules(Grammar& grammar) {
  const std::size_t count = grammar.rules.size();
  std::vector<std::vector<std::uint32_t>> next(count);
  std::vector<std::uint32_t> seen(grammar.nodes.size());
  std::vector<std::uint32_t> before(count);
  for (std::uint32_t rule = 0; rule < count; ++rule) {
    next[rule] = beginnings(grammar, rule, seen);
    for (const std::uint32_t one : next[rule]) ++before[one];
  }
  std::vector<std::uint32_t> ready;
  for (std::uint32_t rule = 0; rule < count; ++rule) {
    if (before[rule] == 0) ready.push_back(rule);
  }
  std::uint32_t rank = 0;
  for (std::size_t i = 0; i < ready.size(); ++i) {
    grammar.rules[ready[i]].rank = rank++;
    for (const std::uint32_t one : next[ready[i]]) {
      if (--before[one] == 0) ready.push_back(one);
    }
  }
  if (ready.size() == count) return;
  // From a rule that is left, back along rules that are left, until one comes again.
  std::vector<std::uint32_t> parent(count);
  std::vector<bool> left(count, true);
  for (const std::uint32_t rule : ready) left[rule] = false;
  for (std::uint32_t rule = 0; rule < count; ++rule) {
    for (const std::uint32_t one : next[rule]) {
      if (left[rule] && left[one]) parent[one] = rule;
    }
  }
  std::vector<bool> passed(count);
  auto rule = static_cast<std::uint32_t>(std::find(left.begin(), left.end(), true) - left.begin());
  for (; !passed[rule]; rule = parent[rule]) passed[rule] = true;
  throw unsupported_error(
      "{} can begin with itself (left recursion); write it so that something stands before",
      grammar.rules[rule].name);
}

void find_tails(Grammar& grammar) {
  constexpr int kSteps = 64;  // enough for what builders make
  for (std::uint32_t node = 0; node + 1 < grammar.nodes.size(); ++node) {
    std::uint32_t at = node;
    for (int i = 0; i < kSteps && !grammar.nodes[at].is_end; ++i) {
      const auto edges = grammar.edges_of(at);
      if (edges.size() != 1 || edges[0].kind != Kind::kEmpty) break;
      at = edges[0].target;
    }
    grammar.nodes[node].is_tail = grammar.nodes[at].is_end && grammar.edges_of(at).empty();
  }
}

void classify_bytes(Grammar& grammar) {
  std::array<bool, 257> begins{};
  begins[0] = true;
  for (const GrammarEdge& edge : grammar.edges) {
    if (edge.kind != Kind::kBytes) continue;
    begins[edge.low] = true;
    begins[edge.high + std::size_t{1}] = true;
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (begins[byte]) grammar.class_bytes.push_back(static_cast<std::uint8_t>(byte));
    grammar.byte_class[byte] = static_cast<std::uint8_t>(grammar.class_bytes.size() - 1);
  }
}

}  // namespace

void analyse(Grammar& grammar, std::span<const std::uint32_t> froms) {
  sort_edges(grammar, froms);
  remove_dead_ends(grammar);
  find_nullable(grammar);
  rank_rules(grammar);
  find_tails(grammar);
  classify_bytes(grammar);
}

}  // namespace cellm
