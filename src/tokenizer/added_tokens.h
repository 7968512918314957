// Search for added tokens in a text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"

namespace cellm {

// A part of a text: an added token, or the plain text between two tokens.
struct TextPart {
  std::size_t begin;
  std::size_t end;
  std::optional<std::uint32_t> token;
};

// Finds the leftmost token, the longest of several, repeatedly. Time is text × longest token.
// Immutable, so it may be shared between threads.
class AddedTokenMatcher {
 public:
  // Of tokens with the same content the last is found.
  explicit AddedTokenMatcher(std::vector<AddedToken> tokens);

  bool empty() const { return tokens_.empty(); }

  // Whether a token may be recognized in [begin, end) of the text; empty: everywhere.
  using Allowed = std::function<bool(const AddedToken& token, std::size_t begin, std::size_t end)>;

  // Splits valid UTF-8. Parts may overlap if the white space taken by a token with rstrip is the
  // beginning of another token. Plain parts are never empty.
  std::vector<TextPart> split(std::string_view text, const Allowed& allowed = {}) const;

 private:
  const AddedToken* longest_at(std::string_view text, std::size_t at, const Allowed& allowed) const;

  std::vector<AddedToken> tokens_;          // sorted by content
  std::array<std::uint32_t, 257> first_{};  // [first_[b], first_[b + 1]) begin with byte b
};

}  // namespace cellm
