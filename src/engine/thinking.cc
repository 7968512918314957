#include "engine/thinking.h"

#include <algorithm>
#include <utility>

namespace cellm {
namespace {

// Enough of a prompt's end for a tag and white space after it.
constexpr std::size_t kPromptTail = 16;
constexpr std::string_view kSpaces = " \n\r\t";

std::string_view without_space_at_begin(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  return text;
}

std::string_view without_space_at_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

bool ends_with_tag(const Tokenizer& tokenizer, std::span<const std::uint32_t> prompt,
                   std::string_view tag) {
  const auto tail = prompt.last(std::min(prompt.size(), kPromptTail));
  return without_space_at_end(tokenizer.decode(tail, false)).ends_with(tag);
}

}  // namespace

ThinkingText::ThinkingText(ThinkingTags tags, bool inside)
    : tags_(std::move(tags)),
      close_(tags_.close),
      state_(inside ? State::kInside : State::kBefore) {}

void ThinkingText::push(std::string_view text) {
  for (const char byte : text) push_byte(byte);
}

void ThinkingText::push_byte(char byte) {
  if (state_ == State::kAfter) {
    // Line breaks between the closing tag and the answer are no part of it.
    const bool leading = answer_.empty() && thought_ && byte == '\n';
    if (!leading) answer_ += byte;
    return;
  }
  held_ += byte;
  if (state_ == State::kBefore) {
    push_before();
  } else {
    push_inside(byte);
  }
}

void ThinkingText::push_before() {
  const std::string_view begun = without_space_at_begin(held_);
  if (begun == tags_.open) {
    held_.clear();
    state_ = State::kInside;
  } else if (!tags_.open.starts_with(begun)) {
    begin_answer();
  }
}

void ThinkingText::push_inside(char byte) {
  if (close_.push(byte)) {
    held_.resize(held_.size() - close_.size());
    reasoning_ += without_space_at_end(held_);
    held_.clear();
    state_ = State::kAfter;
    thought_ = true;
    return;
  }
  // A possible beginning of the tag, and white space before it, waits.
  const std::size_t certain =
      without_space_at_end(std::string_view(held_).substr(0, held_.size() - close_.matched()))
          .size();
  std::string_view text = std::string_view(held_).substr(0, certain);
  while (reasoning_.empty() && text.starts_with('\n')) text.remove_prefix(1);
  reasoning_ += text;
  held_.erase(0, certain);
}

void ThinkingText::begin_answer() {
  state_ = State::kAfter;
  answer_ += held_;
  held_.clear();
}

void ThinkingText::finish() {
  if (state_ == State::kBefore) begin_answer();
  if (state_ == State::kInside) reasoning_ += without_space_at_end(held_);
  held_.clear();
}

Thinking::Thinking(const Tokenizer& tokenizer, const ThinkingTags& tags,
                   std::span<const std::uint32_t> prompt)
    : tokenizer_(&tokenizer),
      tags_(tags),
      text_(tags, ends_with_tag(tokenizer, prompt, tags.open)),
      closed_by_prompt_(ends_with_tag(tokenizer, prompt, tags.close)) {}

void Thinking::push(std::string_view text) {
  if (inside()) ++tokens_;
  text_.push(text);
}

bool Thinking::is_special_tag(std::uint32_t id) const {
  return !answering() && tokenizer_->is_special(id) && tokenizer_->token_bytes(id) == next_tag();
}

std::vector<std::uint32_t> Thinking::special_tags() const {
  std::vector<std::uint32_t> ids;
  for (const std::string* tag : {&tags_.open, &tags_.close}) {
    const auto id = tokenizer_->token_to_id(*tag);
    if (id && tokenizer_->is_special(*id)) ids.push_back(*id);
  }
  return ids;
}

void Thinking::finish(std::string_view rest) {
  text_.push(rest);
  text_.finish();
}

std::vector<std::uint32_t> Thinking::closing() const {
  return tokenizer_->encode(tags_.close, true);
}

}  // namespace cellm
