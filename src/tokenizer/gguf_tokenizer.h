// The tokenizer of a GGUF file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "io/model_source.h"
#include "tokenizer/spec.h"

namespace cellm {

// Throws Error(kUnsupported) for an unsupported tokenizer model or pre-tokenizer, Error(kData) for
// contradictions; `source` names the file.
TokenizerSpec read_gguf_tokenizer(const GgufTokenizer& gguf, std::string_view source);

// The reverse: `rows` tokens, the rows of the embedding; ids without a token are unused ones.
// Throws Error(kUnsupported) for a pre-tokenizer that llama.cpp has no name for or more than one
// token before a text, Error(kData) for a token without a row.
GgufTokenizer make_gguf_tokenizer(const TokenizerSpec& spec, std::size_t rows,
                                  std::string_view source);

// Properties of tokens that GGUF files cannot store: white space that they take, words they must
// be. Empty if there is nothing.
std::string lost_in_gguf(const TokenizerSpec& spec);

}  // namespace cellm
