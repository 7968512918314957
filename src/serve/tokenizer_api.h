// /tokenize, /detokenize, /tokenizer_info
#pragma once

#include "serve/work.h"

namespace cellm {

// {prompt, add_special_tokens} as vLLM, {content, add_special, parse_special, with_pieces} as
// llama.cpp, or {messages, ...} of a chat. Gives {tokens, count, max_model_len}. Throws ApiError.
OrderedJson tokenize(const ServedModel& model, const OrderedJson& request);
// {tokens}; gives {prompt, content}.
OrderedJson detokenize(const ServedModel& model, const OrderedJson& request);
OrderedJson tokenizer_info(const ServedModel& model);

}  // namespace cellm
