// The tokens of a vocabulary in a prefix tree over their bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cellm {

class Tokenizer;

// Special tokens are not in it: they have no text. Immutable, so it may be shared between threads.
class TokenTrie {
 public:
  // Nodes are in depth-first order, children by their bytes: the descendants of node i are the next
  // size − 1 nodes. Node 0 is the root.
  struct Node {
    std::uint32_t size;         // nodes of the subtree, itself included
    std::uint32_t first_token;  // its tokens end where those of the next node begin
    std::uint16_t depth;        // bytes from the root
    std::uint8_t byte;          // the last one of them
  };

  // Throws Error(kUnsupported) for a vocabulary with more than kMaxTrieNodes prefixes.
  explicit TokenTrie(const Tokenizer& tokenizer);

  std::size_t size() const { return nodes_.size() - 1; }
  const Node& operator[](std::size_t node) const { return nodes_[node]; }
  // The tokens that are spelled by the way to the node: mostly one or none.
  std::span<const std::uint32_t> tokens(std::size_t node) const {
    return std::span(tokens_).subspan(nodes_[node].first_token,
                                      nodes_[node + 1].first_token - nodes_[node].first_token);
  }
  std::size_t vocab_size() const { return vocab_size_; }
  std::size_t longest() const { return longest_; }  // bytes of the longest token

 private:
  std::vector<Node> nodes_;            // one more than there are, for the end of the last one
  std::vector<std::uint32_t> tokens_;  // in the order of their bytes
  std::size_t vocab_size_;
  std::size_t longest_ = 0;
};

}  // namespace cellm
