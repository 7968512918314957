#include "serve/answer_parts.h"

namespace cellm {

AnswerParts::AnswerParts(const Tokenizer& tokenizer, std::span<const std::uint32_t> prompt,
                         bool split_reasoning) {
  if (split_reasoning) thinking_.emplace(tokenizer, ThinkingTags{}, prompt);
}

AnswerDelta AnswerParts::push(std::uint32_t id, std::string_view text) {
  text_bytes_ += text.size();
  if (thinking_) {
    thinking_->push(id, text);
  } else {
    content_ += text;
  }
  return take();
}

AnswerDelta AnswerParts::finish(const GenerateResult& result) {
  const std::string_view rest = std::string_view(result.text).substr(text_bytes_);
  text_bytes_ = result.text.size();
  if (thinking_) {
    thinking_->finish(rest);
  } else {
    content_ += rest;
  }
  return take();
}

AnswerDelta AnswerParts::take() {
  AnswerDelta delta;
  if (thinking_) {
    delta.reasoning = thinking_->reasoning().substr(reasoning_bytes_);
    reasoning_bytes_ += delta.reasoning.size();
  }
  const std::string_view content = thinking_ ? thinking_->answer() : std::string_view(content_);
  delta.content = content.substr(content_bytes_);
  content_bytes_ += delta.content.size();
  return delta;
}

}  // namespace cellm
