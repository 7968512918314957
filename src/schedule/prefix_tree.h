// A radix tree of token sequences.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

namespace cellm {

// A tree whose nodes stand at positions of sequences; a node may carry a value of type T (by
// default construction none: `bool(value)` is false). Nodes without a value remember sequences that
// were there. Not thread-safe.
template <class T>
class PrefixTree {
 public:
  struct Node {
    Node* parent = nullptr;
    std::vector<std::uint32_t> edge = {};  // the tokens between the parent and this node
    std::size_t end = 0;                   // tokens from the root
    std::map<std::uint32_t, std::unique_ptr<Node>> children = {};  // by the first token of the edge
    std::uint64_t used = 0;                                        // when it was matched last
    T value = {};
  };

  // How far a sequence is in the tree.
  struct Match {
    std::size_t tokens = 0;  // at the front of the sequence
    Node* below = nullptr;   // the node at that position or, if none is there, the next one below
    std::vector<Node*> passed = {};  // nodes at or above that position, the root first
  };

  PrefixTree() = default;

  Match match(std::span<const std::uint32_t> sequence) {
    Match match{.below = &root_, .passed = {&root_}};
    for (;;) {
      Node& node = *match.passed.back();
      if (match.tokens == sequence.size()) return match;
      const auto child = node.children.find(sequence[match.tokens]);
      if (child == node.children.end()) return match;
      match.below = child->second.get();
      const auto rest = sequence.subspan(match.tokens);
      const auto& edge = match.below->edge;
      const auto differ = std::ranges::mismatch(edge, rest).in1 - edge.begin();
      match.tokens += static_cast<std::size_t>(differ);
      if (static_cast<std::size_t>(differ) < edge.size()) return match;
      match.passed.push_back(match.below);
    }
  }

  // The node at the end of the sequence, which is added if it is not there.
  Node& insert(std::span<const std::uint32_t> sequence) {
    const Match found = match(sequence);
    Node* node = found.passed.back();
    if (found.below->end > found.tokens && found.tokens > node->end) {
      node = &split(*found.below, found.tokens);
    }
    if (node->end < sequence.size()) node = &add_child(*node, sequence.subspan(node->end));
    return *node;
  }

  // Removes nodes that carry nothing and end no sequence but theirs: this one, if it has neither
  // value nor children, and then ancestors for which that holds.
  void remove(Node& node) {
    Node* at = &node;
    while (at->parent != nullptr && at->children.empty() && !at->value) {
      Node* parent = at->parent;
      tokens_ -= at->edge.size();
      --nodes_;
      parent->children.erase(at->edge.front());
      at = parent;
    }
  }

  // Calls visit(node) for all nodes but the root, parents first. It must not change the tree.
  template <class Visit>
  void visit(Visit&& visit) {
    visit_below(root_, visit);
  }
  template <class Visit>
  static void visit_below(Node& top, Visit&& visit) {
    std::vector<Node*> open{&top};
    while (!open.empty()) {
      Node* node = open.back();
      open.pop_back();
      if (node != &top) visit(*node);
      for (auto& [token, child] : node->children) open.push_back(child.get());
    }
  }

  std::size_t tokens() const { return tokens_; }  // on all edges
  std::size_t nodes() const { return nodes_; }    // but the root

 private:
  Node& add_child(Node& parent, std::span<const std::uint32_t> edge) {
    auto child = std::make_unique<Node>();
    child->parent = &parent;
    child->edge.assign(edge.begin(), edge.end());
    child->end = parent.end + edge.size();
    tokens_ += edge.size();
    ++nodes_;
    return *(parent.children[edge.front()] = std::move(child));
  }

  // Puts a node at position `end` on the edge above `lower`.
  Node& split(Node& lower, std::size_t end) {
    Node& parent = *lower.parent;
    std::unique_ptr<Node>& place = parent.children.at(lower.edge.front());
    const auto cut = lower.edge.begin() + static_cast<std::ptrdiff_t>(end - parent.end);
    auto middle = std::make_unique<Node>();
    middle->parent = &parent;
    middle->edge.assign(lower.edge.begin(), cut);
    middle->end = end;
    middle->used = lower.used;
    lower.edge.erase(lower.edge.begin(), cut);
    lower.parent = middle.get();
    middle->children[lower.edge.front()] = std::move(place);
    place = std::move(middle);
    ++nodes_;
    return *place;
  }

  Node root_;
  std::size_t tokens_ = 0;
  std::size_t nodes_ = 0;
};

}  // namespace cellm
