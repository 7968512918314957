// Context-free grammars over bytes, as networks of automata that call each other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cellm {

struct GrammarEdge {
  enum class Kind : std::uint8_t {
    kBytes,   // a byte of [low, high]
    kEmpty,   // nothing
    kCall,    // a text of rule `what`
    kRepeat,  // texts of a rule, as repeats[what] says
  };
  Kind kind = Kind::kEmpty;
  std::uint8_t low = 0;
  std::uint8_t high = 0;
  std::uint32_t target = 0;
  std::uint32_t what = 0;
};

// `min` to `max` texts of a rule, one after another; 1 ≤ max, min ≤ max.
struct GrammarRepeat {
  std::uint32_t rule;
  std::uint32_t min;
  std::uint32_t max;
};

// A text of a rule is spelled by a way from its start to its end.
struct GrammarRule {
  std::string name;  // for messages
  std::uint32_t start;
  std::uint32_t end;
  bool nullable = false;   // the empty text is one
  std::uint32_t rank = 0;  // larger than that of each rule that can begin with it
};

// Properties of a node.
struct GrammarNode {
  std::uint32_t first_edge = 0;  // they end where those of the next node begin
  bool is_end = false;           // of its rule
  bool is_tail = false;          // nothing but the end of its rule can follow
};

// Of every node, an end can be reached. Immutable.
struct Grammar {
  std::vector<GrammarNode> nodes;  // one more than there are
  std::vector<GrammarEdge> edges;
  std::vector<GrammarRule> rules;
  std::vector<GrammarRepeat> repeats;  // min is 0 if the rule is nullable
  std::uint32_t root = 0;              // the rule that the whole text is one of
  // Bytes that no edge tells apart are in one class.
  std::array<std::uint8_t, 256> byte_class{};
  std::vector<std::uint8_t> class_bytes;  // one of each class

  std::span<const GrammarEdge> edges_of(std::uint32_t node) const {
    return std::span(edges).subspan(nodes[node].first_edge,
                                    nodes[node + 1].first_edge - nodes[node].first_edge);
  }
};

// Builds a grammar. Most functions append to the automaton whose last node is `from` and return the
// new last node. It may have edges already, so that edges may leave it but not enter it.
//
// All throw Error(kUsage) for a grammar of more than kMaxGrammarParts.
class GrammarBuilder {
 public:
  std::uint32_t node();
  void bytes(std::uint32_t from, std::uint8_t low, std::uint8_t high, std::uint32_t to) {
    edge(from, {GrammarEdge::Kind::kBytes, low, high, to, 0});
  }
  void empty(std::uint32_t from, std::uint32_t to) {
    edge(from, {GrammarEdge::Kind::kEmpty, 0, 0, to, 0});
  }

  std::uint32_t byte(std::uint32_t from, std::uint8_t low, std::uint8_t high);
  std::uint32_t literal(std::uint32_t from, std::string_view text);
  // One of several texts; they share the edges of common beginnings.
  std::uint32_t one_of(std::uint32_t from, std::span<const std::string> texts);
  std::uint32_t call(std::uint32_t from, std::uint32_t rule);
  // `min` to `max` texts of a rule, max ≤ kMaxGrammarRepeat; nothing for max: any number.
  std::uint32_t repeat(std::uint32_t from, std::uint32_t rule, std::uint32_t min,
                       const std::uint32_t* max);

  // body(from) appends a part and returns its last node.
  template <class Body>
  std::uint32_t optional(std::uint32_t from, Body&& body) {
    const std::uint32_t to = node();
    empty(body(from), to);
    empty(from, to);
    return to;
  }
  template <class Body>
  std::uint32_t any_number(std::uint32_t from, Body&& body) {
    const std::uint32_t loop = node();
    empty(from, loop);
    empty(body(loop), loop);
    return loop;
  }
  template <class Body>
  std::uint32_t at_least_one(std::uint32_t from, Body&& body) {
    const std::uint32_t loop = node();
    empty(from, loop);
    const std::uint32_t last = body(loop);
    empty(last, loop);
    return last;
  }

  // A rule without a text yet.
  std::uint32_t rule(std::string name);
  std::uint32_t start(std::uint32_t rule) const { return grammar_.rules[rule].start; }
  // The way to `last` spells a text of the rule.
  void end(std::uint32_t rule, std::uint32_t last) { empty(last, grammar_.rules[rule].end); }
  // The rules of another grammar; returns its root here.
  std::uint32_t import(const Grammar& other);

  // Throws Error(kUsage) if no text is one of `root`, Error(kUnsupported) if a rule can begin with
  // itself. The builder is empty afterwards.
  Grammar finish(std::uint32_t root);

 private:
  void edge(std::uint32_t from, const GrammarEdge& edge);

  Grammar grammar_;
  std::vector<std::uint32_t> froms_;  // of each edge
};

}  // namespace cellm
