// The tokenizer.json of the Hugging Face tokenizers library.
#pragma once

#include <string_view>

#include "tokenizer/spec.h"

namespace cellm {

// Throws Error(kData) for damaged or inconsistent data, Error(kUnsupported) naming an unsupported
// part; `source` names the file.
TokenizerSpec read_tokenizer_json(std::string_view text, std::string_view source);

}  // namespace cellm
