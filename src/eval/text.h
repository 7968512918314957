// Texts that a model is measured on.
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

// Reads a file of UTF-8. Throws Error(kData) for one that cannot be read, is empty, is larger than
// kMaxEvalTextBytes, or is not UTF-8, naming the byte.
EvalText read_eval_text(const std::filesystem::path& path);

// XXH3-64 of the texts one after the other: of a single text what `xxhsum -H3` says of its file.
std::uint64_t text_checksum(std::span<const EvalText> texts);

// A document as a model sees it.
struct EvalTokens {
  std::string name;
  std::vector<std::uint32_t> ids;  // the first `begin_tokens` of them come from the template
  std::size_t begin_tokens = 0;    // begin-of-text tokens that the tokenizer puts before a text
};

// The ids of a text, control tokens taken as text. Throws Error(kData) naming the first byte that
// the tokenizer has no token for, since what is not seen cannot be scored.
EvalTokens tokenize_text(const EvalText& text, const Tokenizer& tokenizer);

// Throws Error(kUsage) unless both tokenizers have the same ids and give each text the same ones;
// a probability of one model then belongs to the same event as that of the other.
void require_same_tokenizer(const Tokenizer& tokenizer, const Tokenizer& reference,
                            std::span<const EvalText> texts, std::string_view reference_name);

}  // namespace cellm
