// Reasoning in what a model writes: the text between two tags, before the answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/string_matcher.h"
#include "engine/reasoning_tags.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

// Splits the text of an answer part by part. Reasoning is what follows an opening tag at the very
// beginning, or anything if the text begins `inside`, up to the first closing tag; the rest is the
// answer, tags in it included. Line breaks around the tags belong to neither. How the text is
// divided into parts makes no difference. Not thread-safe.
class ThinkingText {
 public:
  ThinkingText(ThinkingTags tags, bool inside);

  void push(std::string_view text);
  // No text follows: what was held back gets its place.
  void finish();

  // The text so far, without an end that may belong to a tag. Both only grow.
  std::string_view reasoning() const { return reasoning_; }
  std::string_view answer() const { return answer_; }

  bool inside() const { return state_ == State::kInside; }
  bool thought() const { return thought_; }  // the closing tag was there
  bool answering() const { return state_ == State::kAfter; }

 private:
  enum class State { kBefore, kInside, kAfter };

  void push_byte(char byte);
  void push_before();
  void push_inside(char byte);
  void begin_answer();

  ThinkingTags tags_;
  StringMatcher close_;
  State state_;
  bool thought_ = false;
  std::string held_;  // may belong to a tag, or is white space at the end of the reasoning
  std::string reasoning_;
  std::string answer_;
};

// The same for an answer in tokens, with their number.
class Thinking {
 public:
  // The reasoning has begun if the prompt ends with the opening tag. The tokenizer must outlive
  // this.
  Thinking(const Tokenizer& tokenizer, const ThinkingTags& tags,
           std::span<const std::uint32_t> prompt);

  // The text that has become certain with one more token (Generation::latest_text()).
  void push(std::string_view text);
  // No token follows but the rest of the text.
  void finish(std::string_view rest);

  std::string_view reasoning() const { return text_.reasoning(); }
  std::string_view answer() const { return text_.answer(); }
  bool inside() const { return text_.inside(); }
  bool answering() const { return text_.answering(); }  // reasoning is over, or there was none
  // The prompt ends with the closing tag. Nothing is left to think about, although a model may
  // begin anew.
  bool closed_by_prompt() const { return closed_by_prompt_; }
  // Of both tags, the one that may come next.
  const std::string& next_tag() const { return inside() ? tags_.close : tags_.open; }
  // Whether a token is this tag as a special one.
  bool is_special_tag(std::uint32_t id) const;
  // The tags that are special tokens: they need a text (AnswerText's spelled_ids).
  std::vector<std::uint32_t> special_tags() const;
  std::size_t tokens() const { return tokens_; }  // generated inside
  // The ids of the closing tag.
  std::vector<std::uint32_t> closing() const;

 private:
  const Tokenizer* tokenizer_;
  ThinkingTags tags_;
  ThinkingText text_;
  bool closed_by_prompt_;
  std::size_t tokens_ = 0;
};

}  // namespace cellm
