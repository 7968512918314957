// Token ids that end an answer, and ids that must not be generated.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/engine.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

// All ids that end an answer of this model: eos of config.json and generation_config.json, the
// token that the chat template writes behind an answer, and the tokenizer's <|im_end|>.
std::vector<std::uint32_t> end_of_answer_ids(const Engine& engine, const Tokenizer* tokenizer);

// Ids of the model's vocabulary without a token in the tokenizer.
std::vector<std::uint32_t> unusable_ids(const Engine& engine, const Tokenizer& tokenizer);

}  // namespace cellm
