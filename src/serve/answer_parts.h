// The parts of an answer: reasoning, content and calls of functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/generation.h"
#include "engine/thinking.h"
#include "toolcall/tool_text.h"

namespace cellm {

// The parts of an answer that are final since the last token.
struct AnswerDelta {
  std::string reasoning;
  std::string content;
  std::vector<ToolEvent> calls;  // without those of content

  bool empty() const { return reasoning.empty() && content.empty() && calls.empty(); }
};

// How an answer is to be read. Format and request must outlive it.
struct AnswerForm {
  bool split_reasoning = true;  // else all of it is content
  const ToolFormat& tool_format;
  const ToolRequest& tools;
  bool constrained = false;  // calls are held to their form
};

// Not thread-safe. The tokenizer must outlive it.
class AnswerParts {
 public:
  AnswerParts(const Tokenizer& tokenizer, std::span<const std::uint32_t> prompt,
              const AnswerForm& form);

  // The text that became certain with one more token.
  AnswerDelta push(std::string_view text);
  // The rest, at the end of the answer.
  AnswerDelta finish(const GenerateResult& result);
  bool has_calls() const { return tools_ && tools_->calls() > 0; }

 private:
  AnswerDelta take(bool is_end);

  std::optional<Thinking> thinking_;
  std::optional<ToolText> tools_;
  std::string answer_;               // without splitting
  std::size_t text_bytes_ = 0;       // pushed
  std::size_t reasoning_bytes_ = 0;  // taken
  std::size_t answer_bytes_ = 0;
};

}  // namespace cellm
