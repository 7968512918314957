// The tokenizer of a GGUF file.
#pragma once

#include <string_view>

#include "io/model_source.h"
#include "tokenizer/spec.h"

namespace cellm {

// Throws Error(kUnsupported) for an unsupported tokenizer model or pre-tokenizer, Error(kData) for
// contradictions; `source` names the file.
TokenizerSpec read_gguf_tokenizer(const GgufTokenizer& gguf, std::string_view source);

}  // namespace cellm
