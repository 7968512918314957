// Prompts of requests that go on from texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "serve/work.h"

namespace cellm {

struct TextPrompt {
  std::vector<std::uint32_t> ids;
  std::string text;
};

// The field `prompt`: a text, ids, or an array of either, each of them with room for an answer; of
// llama.cpp's forms also ids with texts between them, and {"prompt_string": text} for a text.
// Control tokens spelled in a text become these tokens. Throws ApiError 400.
std::vector<TextPrompt> read_prompts(const ServedModel& model, const OrderedJson& prompt);

// Throws ApiError 400 for more answers to prompts than kMaxAnswerTexts.
void require_answers(std::size_t prompts, std::size_t answers);

// How to answer texts: without what the model's card asks for, which is about conversations.
// Throws ApiError 400.
GenerateOptions text_options(const ServedModel& model, const AnswerFields& fields,
                             std::optional<std::size_t> top_logprobs);

// Requests for the answers to the prompts, in their order.
std::vector<CompletionRequest> text_requests(std::span<const TextPrompt> prompts,
                                             const AnswerFields& fields,
                                             const GenerateOptions& options);

}  // namespace cellm
