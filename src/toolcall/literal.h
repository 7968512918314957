// A fixed text whose white space is free, byte by byte.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cellm {

// White space as JSON and the tags of templates have it.
constexpr bool is_space(char byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}
constexpr std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}
// Its bytes up to white space.
constexpr std::string_view first_word(std::string_view text) {
  text = without_spaces(text);
  std::size_t end = 0;
  while (end < text.size() && !is_space(text[end])) ++end;
  return text.substr(0, end);
}

// Matches a text that differs from the literal at most in white space: any or none may stand where
// the literal has some, and before it. Ends with the last byte that is no white space.
class Literal {
 public:
  enum class Status { kMore, kDone, kFailed };

  explicit Literal(std::string_view text) : text_(without_spaces(text)) {}

  // Without a byte: the literal is empty.
  bool done() const { return next_ == text_.size(); }
  bool begun() const { return next_ > 0; }
  // Between two words.
  bool at_border() const { return next_ == 0 || done() || is_space(text_[next_]); }

  Status push(char byte) {
    std::size_t next = next_;
    while (next < text_.size() && is_space(text_[next])) ++next;
    if (is_space(byte)) {
      const bool free = next_ == 0 || next > next_;
      return free ? Status::kMore : Status::kFailed;
    }
    if (text_[next] != byte) return Status::kFailed;
    next_ = next + 1;
    return done() ? Status::kDone : Status::kMore;
  }

 private:
  std::string text_;
  std::size_t next_ = 0;
};

}  // namespace cellm
