// Reasoning in what a model writes: the text between two tags, before the answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/string_matcher.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

struct ThinkingTags {
  std::string open = "<think>";
  std::string close = "</think>";
};

// Splits the text of an answer token by token. Reasoning is what follows an
// opening tag at the very beginning, or anything if the prompt ends with that tag, up to the first
// closing tag; the rest is the answer, tags in it included. Line breaks around the tags belong to
// neither. How the text is divided into tokens makes no difference. Not thread-safe.
class Thinking {
 public:
  // The tokenizer must outlive this.
  Thinking(const Tokenizer& tokenizer, const ThinkingTags& tags,
           std::span<const std::uint32_t> prompt);

  // A token, and the text that has become certain with it (Generation::latest_text()).
  void push(std::uint32_t id, std::string_view text);
  // No token follows but the rest of the text: what was held back gets its place.
  void finish(std::string_view rest);

  // The text so far, without an end that may belong to a tag. Both only grow.
  std::string_view reasoning() const { return reasoning_; }
  std::string_view answer() const { return answer_; }

  bool inside() const { return state_ == State::kInside; }
  std::size_t tokens() const { return tokens_; }  // generated inside
  // The ids of the closing tag.
  std::vector<std::uint32_t> closing() const;

 private:
  enum class State { kBefore, kInside, kAfter };

  void push_text(std::string_view text);
  void push_byte(char byte);
  void begin_answer();

  const Tokenizer* tokenizer_;
  ThinkingTags tags_;
  StringMatcher open_;
  StringMatcher close_;
  State state_ = State::kBefore;
  bool thought_ = false;  // the closing tag was there
  std::string held_;      // may belong to a tag, or is a line break at the end of the reasoning
  std::string reasoning_;
  std::string answer_;
  std::size_t tokens_ = 0;
};

}  // namespace cellm
