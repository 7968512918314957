#include "tokenizer/added_tokens.h"

#include <algorithm>

#include "base/utf8.h"
#include "tokenizer/unicode.h"

namespace cellm {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool ends_with_word(std::string_view text) {
  if (text.empty()) return false;
  std::size_t length = 0;
  return is_word(decode_last_utf8(text, length));
}

bool starts_with_word(std::string_view text) {
  if (text.empty()) return false;
  std::size_t length = 0;
  return is_word(decode_utf8(text, length));
}

// The start of the trailing white space of `text`, at least `least`.
std::size_t trailing_space(std::string_view text, std::size_t least) {
  while (text.size() > least) {
    std::size_t length = 0;
    if (!is_white_space(decode_last_utf8(text, length))) break;
    text.remove_suffix(length);
  }
  return std::max(text.size(), least);
}

// The length of the leading white space of `text`.
std::size_t leading_space(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t length = 0;
    if (!is_white_space(decode_utf8(text.substr(at), length))) break;
    at += length;
  }
  return at;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::reverse(tokens_.begin(), tokens_.end());
  std::stable_sort(tokens_.begin(), tokens_.end(), [](const AddedToken& a, const AddedToken& b) {
    return a.content < b.content;  // bytes compare as unsigned
  });
  const auto repeated =
      std::unique(tokens_.begin(), tokens_.end(),
                  [](const AddedToken& a, const AddedToken& b) { return a.content == b.content; });
  tokens_.erase(repeated, tokens_.end());
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    for (std::size_t b = std::size_t{byte_at(tokens_[i].content, 0)} + 1; b < first_.size(); ++b) {
      first_[b] = static_cast<std::uint32_t>(i + 1);
    }
  }
}

// Narrows the range of candidate tokens to those that match the text byte by byte.
const AddedToken* AddedTokenMatcher::longest_at(std::string_view whole, std::size_t at,
                                                const Allowed& allowed) const {
  const std::string_view text = whole.substr(at);
  std::size_t low = first_[byte_at(text, 0)];
  std::size_t high = first_[std::size_t{byte_at(text, 0)} + 1];
  const AddedToken* longest = nullptr;
  for (std::size_t depth = 1; low < high; ++depth) {
    if (tokens_[low].content.size() == depth) {
      const AddedToken& token = tokens_[low++];
      if (!allowed || allowed(token, at, at + depth)) longest = &token;
    }
    if (depth == text.size()) break;
    const auto begin = tokens_.begin() + static_cast<std::ptrdiff_t>(low);
    const auto end = tokens_.begin() + static_cast<std::ptrdiff_t>(high);
    const unsigned char wanted = byte_at(text, depth);
    const auto from = std::partition_point(begin, end, [&](const AddedToken& token) {
      return byte_at(token.content, depth) < wanted;
    });
    const auto to = std::partition_point(from, end, [&](const AddedToken& token) {
      return byte_at(token.content, depth) == wanted;
    });
    low = static_cast<std::size_t>(from - tokens_.begin());
    high = static_cast<std::size_t>(to - tokens_.begin());
  }
  return longest;
}

// White space taken by lstrip and rstrip does not move the position where the search for the next
// token starts, the end of the content itself. The reference implementation does the same.
std::vector<TextPart> AddedTokenMatcher::split(std::string_view text,
                                               const Allowed& allowed) const {
  std::vector<TextPart> parts;
  std::size_t done = 0;      // end of the last part
  std::size_t space_to = 0;  // end of the last white space that an rstrip has taken
  std::size_t at = 0;
  while (!tokens_.empty() && at < text.size()) {
    const unsigned char lead = byte_at(text, at);
    const AddedToken* token =
        first_[lead] == first_[std::size_t{lead} + 1] ? nullptr : longest_at(text, at, allowed);
    if (token == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + token->content.size();
    at = end;
    if (token->single_word &&
        (ends_with_word(text.substr(0, begin)) || starts_with_word(text.substr(end)))) {
      continue;
    }
    if (token->lstrip) begin = trailing_space(text.substr(0, begin), done);
    if (token->rstrip) {
      // Within that white space its end is known, so a run is scanned once and not once per token.
      if (end >= space_to) space_to = end + leading_space(text.substr(end));
      end = space_to;
    }
    if (done < begin) parts.push_back({done, begin, std::nullopt});
    parts.push_back({begin, end, token->id});
    done = end;
  }
  if (done != text.size()) parts.push_back({done, text.size(), std::nullopt});
  return parts;
}

}  // namespace cellm
