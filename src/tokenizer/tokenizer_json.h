// The tokenizer.json of the Hugging Face tokenizers library.
#pragma once

#include <string_view>

#include "tokenizer/spec.h"

namespace cellm {

// Throws Error(kData) for what is damaged or contradicts itself, Error(kUnsupported) naming the
// part that cellm does not have; `source` names the file.
TokenizerSpec read_tokenizer_json(std::string_view text, std::string_view source);

}  // namespace cellm
