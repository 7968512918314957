#include "serve/answer_parts.h"

#include <random>

namespace cellm {

AnswerParts::AnswerParts(const Tokenizer& tokenizer, std::span<const std::uint32_t> prompt,
                         const AnswerForm& form) {
  if (form.split_reasoning) thinking_.emplace(tokenizer, ThinkingTags{}, prompt);
  if (form.tools.choice == ToolChoice::kNone || form.tools.tools.empty()) return;
  std::random_device random;
  const std::uint64_t id_seed = (std::uint64_t{random()} << 32U) | random();
  tools_.emplace(form.tool_format, form.tools, form.constrained, id_seed);
}

AnswerDelta AnswerParts::push(std::string_view text) {
  text_bytes_ += text.size();
  if (thinking_) {
    thinking_->push(text);
  } else {
    answer_ += text;
  }
  return take(false);
}

AnswerDelta AnswerParts::finish(const GenerateResult& result) {
  const std::string_view rest = std::string_view(result.text).substr(text_bytes_);
  text_bytes_ = result.text.size();
  if (thinking_) {
    thinking_->finish(rest);
  } else {
    answer_ += rest;
  }
  return take(true);
}

AnswerDelta AnswerParts::take(bool is_end) {
  AnswerDelta delta;
  if (thinking_) {
    delta.reasoning = thinking_->reasoning().substr(reasoning_bytes_);
    reasoning_bytes_ += delta.reasoning.size();
  }
  const std::string_view answer = thinking_ ? thinking_->answer() : std::string_view(answer_);
  const std::string_view more = answer.substr(answer_bytes_);
  answer_bytes_ = answer.size();
  if (!tools_) {
    delta.content = more;
    return delta;
  }
  tools_->push(more);
  if (is_end) tools_->finish();
  for (ToolEvent& event : tools_->take()) {
    if (event.kind == ToolEvent::Kind::kContent) {
      delta.content += event.text;
    } else {
      delta.calls.push_back(std::move(event));
    }
  }
  return delta;
}

}  // namespace cellm
