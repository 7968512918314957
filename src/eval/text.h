// Evaluation texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace cellm {

// One document.
struct EvalText {
  std::string name;  // its path, for messages and reports
  std::string text;  // valid UTF-8, not empty
};

// Reads a UTF-8 file. Throws Error(kData) if it cannot be read, is empty, is larger than
// kMaxEvalTextBytes, or is not UTF-8, naming the byte.
EvalText read_eval_text(const std::filesystem::path& path);

// XXH3-64 of the concatenated texts; for a single text equal to `xxhsum -H3` of its file.
std::uint64_t text_checksum(std::span<const EvalText> texts);

// A tokenized document.
struct EvalTokens {
  std::string name;
  std::vector<std::uint32_t> ids;  // the first `begin_tokens` of them come from the template
  std::size_t begin_tokens = 0;    // begin-of-text tokens that the tokenizer puts before a text
};

// The ids of a text; control tokens in it are tokenized as text. Throws Error(kData) naming the
// first byte without a token, since an unseen byte cannot be scored.
EvalTokens tokenize_text(const EvalText& text, const Tokenizer& tokenizer);

// Throws Error(kUsage) unless both tokenizers have the same ids and tokenize each text identically;
// only then do the probabilities of both models refer to the same events.
void require_same_tokenizer(const Tokenizer& tokenizer, const Tokenizer& reference,
                            std::span<const EvalText> texts, std::string_view reference_name);

}  // namespace cellm
