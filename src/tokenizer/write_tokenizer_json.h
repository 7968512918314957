// A TokenizerSpec as a tokenizer.json of the tokenizers library.
#pragma once

#include <string>

#include "tokenizer/spec.h"

namespace cellm {

// read_tokenizer_json() of the result is the spec again, but for has_repeats. The spec must have
// passed check_tokenizer_spec(), as the spec of a Tokenizer has.
std::string write_tokenizer_json(const TokenizerSpec& spec);

}  // namespace cellm
