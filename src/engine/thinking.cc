#include "engine/thinking.h"

#include <algorithm>

namespace cellm {
namespace {

// Enough of a prompt's end for a tag and white space after it.
constexpr std::size_t kPromptTail = 16;

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string_view without_space_at_end(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

Thinking::Thinking(const Tokenizer& tokenizer, const ThinkingTags& tags,
                   std::span<const std::uint32_t> prompt)
    : tokenizer_(&tokenizer), tags_(tags), open_(tags.open), close_(tags.close) {
  const auto tail = prompt.last(std::min(prompt.size(), kPromptTail));
  if (without_space_at_end(tokenizer.decode(tail, false)).ends_with(tags.open)) {
    state_ = State::kInside;
  }
}

void Thinking::push(std::uint32_t id, std::string_view text) {
  if (inside()) ++tokens_;
  push_text(text);
  if (!tokenizer_->is_special(id)) return;
  // As special tokens the tags have no text.
  const std::string spelled = tokenizer_->token_bytes(id);
  if (spelled == tags_.open || spelled == tags_.close) push_text(spelled);
}

void Thinking::push_text(std::string_view text) {
  for (const char byte : text) push_byte(byte);
}

void Thinking::push_byte(char byte) {
  if (state_ == State::kAfter) {
    // Line breaks between the closing tag and the answer are no part of it.
    const bool leading = answer_.empty() && thought_ && byte == '\n';
    if (!leading) answer_ += byte;
    return;
  }
  held_ += byte;
  if (state_ == State::kBefore) {
    if (open_.push(byte)) {
      held_.clear();
      state_ = State::kInside;
    } else if (open_.matched() == 0 && !is_space(byte)) {
      begin_answer();
    }
    return;
  }
  if (close_.push(byte)) {
    held_.resize(held_.size() - close_.size());
    reasoning_ += without_space_at_end(held_);
    held_.clear();
    state_ = State::kAfter;
    thought_ = true;
    return;
  }
  // What may be the beginning of the tag, and white space before it, waits.
  const std::size_t certain =
      without_space_at_end(std::string_view(held_).substr(0, held_.size() - close_.matched()))
          .size();
  std::string_view text = std::string_view(held_).substr(0, certain);
  while (reasoning_.empty() && text.starts_with('\n')) text.remove_prefix(1);
  reasoning_ += text;
  held_.erase(0, certain);
}

void Thinking::begin_answer() {
  state_ = State::kAfter;
  answer_ += held_;
  held_.clear();
}

void Thinking::finish(std::string_view rest) {
  push_text(rest);
  if (state_ == State::kBefore) begin_answer();
  if (state_ == State::kInside) reasoning_ += without_space_at_end(held_);
  held_.clear();
}

std::vector<std::uint32_t> Thinking::closing() const {
  return tokenizer_->encode(tags_.close, true);
}

}  // namespace cellm
