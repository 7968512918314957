// The parts of an answer: reasoning, content and tool calls.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/generation.h"
#include "engine/thinking.h"

namespace cellm {

// What became certain with a token.
struct AnswerDelta {
  std::string reasoning;
  std::string content;

  bool empty() const { return reasoning.empty() && content.empty(); }
};

// Not thread-safe. The tokenizer must outlive it.
class AnswerParts {
 public:
  // Without `split_reasoning` everything is content.
  AnswerParts(const Tokenizer& tokenizer, std::span<const std::uint32_t> prompt,
              bool split_reasoning);

  AnswerDelta push(std::uint32_t id, std::string_view text);
  // The rest, at the end of the answer.
  AnswerDelta finish(const GenerateResult& result);

 private:
  AnswerDelta take();

  std::optional<Thinking> thinking_;
  std::string content_;              // without splitting
  std::size_t text_bytes_ = 0;       // pushed
  std::size_t reasoning_bytes_ = 0;  // taken
  std::size_t content_bytes_ = 0;
};

}  // namespace cellm
