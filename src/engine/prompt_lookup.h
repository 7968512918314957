// Guessing how a text goes on by looking up its end in the text itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace cellm {

// The index of one text that grows: answers repeat parts of their prompts, and of themselves.
// Not thread-safe.
class PromptLookup {
 public:
  // The end of a text is looked up if so many tokens of it occur before.
  static constexpr std::size_t kShortestMatch = 3;
  // A longer match says no more.
  static constexpr std::size_t kLongestMatch = 64;
  // Of so many places where the last kShortestMatch tokens occur, the latest ones, the longest
  // match is taken, the latest of equals.
  static constexpr std::size_t kPlaces = 32;

  // The tokens after the longest match of the end of the text: `most` at most, and no more than
  // the match has, since a short match is often an accident. Empty if there is none; valid until
  // the next call. text: that of the last call, with tokens behind it.
  std::span<const std::uint32_t> draft(std::span<const std::uint32_t> text, std::size_t most);

 private:
  struct Match {
    std::size_t end = 0;  // position behind it
    std::size_t tokens = 0;
  };
  void read(std::span<const std::uint32_t> text);
  Match longest_match(std::span<const std::uint32_t> text) const;

  // Of each span of kShortestMatch tokens, by a hash: the position behind its latest occurrence.
  std::unordered_map<std::uint64_t, std::uint32_t> latest_;
  // For each position, the one before it with the same hash of the tokens in front; 0: none.
  std::vector<std::uint32_t> previous_;
  std::vector<std::uint32_t> draft_;
};

}  // namespace cellm
