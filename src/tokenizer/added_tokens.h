// Finding added tokens in a text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"

namespace cellm {

// A part of a text: an added token, or the plain text between two.
struct TextPart {
  std::size_t begin;
  std::size_t end;
  std::optional<std::uint32_t> token;
};

// Finds the leftmost and there the longest added token, again and again, in time text × longest
// token. Immutable, so it may be shared between threads.
class AddedTokenMatcher {
 public:
  // Throws Error(kData) if two contents are the same.
  AddedTokenMatcher(std::vector<AddedToken> tokens, std::string_view source);

  bool empty() const { return tokens_.empty(); }

  // Splits valid UTF-8. Parts may overlap where tokens with rstrip take the white space that
  // another token begins with; plain parts are never empty.
  std::vector<TextPart> split(std::string_view text) const;

 private:
  const AddedToken* longest_at(std::string_view text) const;

  std::vector<AddedToken> tokens_;          // sorted by content
  std::array<std::uint32_t, 257> first_{};  // [first_[b], first_[b + 1]) begin with byte b
};

}  // namespace cellm
