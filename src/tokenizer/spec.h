// A byte-level BPE tokenizer as plain data: what a tokenizer.json, a GGUF file or the compact form
// says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/limits.h"

namespace cellm {

// Pieces by id in one block of text. An id without a piece has an empty one; no real piece is
// empty.
class PieceTable {
 public:
  std::size_t size() const { return ends_.size(); }
  // Empty for an id that has no piece or is beyond size().
  std::string_view operator[](std::size_t id) const {
    if (id >= ends_.size()) return {};
    const std::size_t begin = id == 0 ? 0 : ends_[id - 1];
    return std::string_view(text_).substr(begin, ends_[id] - begin);
  }
  void reserve(std::size_t pieces, std::size_t bytes) {
    ends_.reserve(pieces);
    text_.reserve(bytes);
  }
  // Gives `piece` the next id. At most kMaxTokenIds pieces of kMaxPieceBytes; the caller checks
  // both, and that the whole text stays below 4 GiB.
  void push_back(std::string_view piece) {
    text_ += piece;
    ends_.push_back(static_cast<std::uint32_t>(text_.size()));
  }
  std::size_t text_bytes() const { return text_.size(); }
  bool operator==(const PieceTable&) const = default;

 private:
  std::string text_;
  std::vector<std::uint32_t> ends_;
};

struct MergePair {
  std::uint32_t left;
  std::uint32_t right;
  bool operator==(const MergePair&) const = default;
};

// A token that is looked for in the text before anything else happens to it.
struct AddedToken {
  std::uint32_t id = 0;
  std::string content;
  bool special = false;      // left out when decoding with skip_special
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // takes the white space after it
  bool normalized = false;   // looked for after normalization instead of before
  bool operator==(const AddedToken&) const = default;
};

enum class SplitBehavior : std::uint8_t {
  kRemoved,
  kIsolated,
  kMergedWithPrevious,
  kMergedWithNext,
  kContiguous,
};

struct SplitStep {
  std::string pattern;
  bool is_regex = true;  // otherwise the pattern is the text itself
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;
  bool operator==(const SplitStep&) const = default;
};

struct DigitsStep {
  bool individual = false;
  bool operator==(const DigitsStep&) const = default;
};

// Bytes become the 256 characters of GPT-2's alphabet; always the last step, and there is always
// one.
struct ByteLevelStep {
  bool add_prefix_space = false;
  bool use_regex = true;  // split with GPT-2's regex first
  bool operator==(const ByteLevelStep&) const = default;
};

using PreTokenizerStep = std::variant<SplitStep, DigitsStep, ByteLevelStep>;

struct TokenizerSpec {
  PieceTable vocab;               // spelled in GPT-2's byte alphabet, by id
  std::vector<MergePair> merges;  // by rank
  std::vector<AddedToken> added;  // ids may lie inside or behind the vocabulary
  bool nfc = false;
  std::vector<PreTokenizerStep> steps;
  bool ignore_merges = false;                    // a word that is a piece is that piece
  std::vector<std::uint32_t> bos_from_template;  // what a template puts before the text
  bool operator==(const TokenizerSpec&) const = default;
};

// Throws Error(kData) if the parts contradict each other or exceed a limit, Error(kUnsupported) if
// the steps do not end with the only ByteLevel. `source` names the file in messages.
void check_tokenizer_spec(const TokenizerSpec& spec, std::string_view source);

}  // namespace cellm
