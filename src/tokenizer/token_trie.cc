#include "tokenizer/token_trie.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/limits.h"
#include "tokenizer/tokenizer.h"

namespace cellm {
namespace {

struct Spelling {
  std::string_view bytes;
  std::uint32_t id;
};

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(shorter), b.begin()).first -
      a.begin());
}

}  // namespace

TokenTrie::TokenTrie(const Tokenizer& tokenizer) : vocab_size_(tokenizer.vocab_size()) {
  std::string text;
  std::vector<std::pair<std::size_t, std::uint32_t>> ends;
  for (std::uint32_t id = 0; id < vocab_size_; ++id) {
    if (!tokenizer.contains(id) || tokenizer.is_special(id)) continue;
    text += tokenizer.token_bytes(id);
    ends.emplace_back(text.size(), id);
  }
  std::vector<Spelling> spellings;
  std::size_t begin = 0;
  for (const auto& [end, id] : ends) {
    const std::string_view bytes = std::string_view(text).substr(begin, end - begin);
    begin = end;
    if (bytes.empty()) continue;
    spellings.push_back({bytes, id});
    longest_ = std::max(longest_, bytes.size());
  }
  std::sort(spellings.begin(), spellings.end(), [](const Spelling& a, const Spelling& b) {
    return a.bytes != b.bytes ? a.bytes < b.bytes : a.id < b.id;
  });

  std::vector<std::uint32_t> path{0};  // the nodes above the next one
  nodes_.push_back({0, 0, 0, 0});
  const auto close_to = [&](std::size_t depth) {
    for (; path.size() > depth + 1; path.pop_back()) {
      nodes_[path.back()].size = static_cast<std::uint32_t>(nodes_.size()) - path.back();
    }
  };
  std::string_view before;
  for (const auto& [bytes, id] : spellings) {
    close_to(common_prefix(before, bytes));
    for (std::size_t depth = path.size(); depth <= bytes.size(); ++depth) {
      if (nodes_.size() >= kMaxTrieNodes) {
        throw unsupported_error("the vocabulary has more than {} prefixes of tokens",
                                kMaxTrieNodes);
      }
      path.push_back(static_cast<std::uint32_t>(nodes_.size()));
      nodes_.push_back({0, static_cast<std::uint32_t>(tokens_.size()),
                        static_cast<std::uint16_t>(depth),
                        static_cast<std::uint8_t>(bytes[depth - 1])});
    }
    tokens_.push_back(id);
    before = bytes;
  }
  close_to(0);
  nodes_[0].size = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back({0, static_cast<std::uint32_t>(tokens_.size()), 0, 0});
}

}  // namespace cellm
