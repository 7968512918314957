// A byte-level BPE tokenizer as plain data: the content of a tokenizer.json, a GGUF file or the
// compact form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"

namespace cellm {

// Pieces by id, stored in one block of text. An unused id has an empty piece; no real piece is
// empty.
class PieceTable {
 public:
  std::size_t size() const { return ends_.size(); }
  // Empty for an unused id and for an id beyond size().
  std::string_view operator[](std::size_t id) const {
    if (id >= ends_.size()) return {};
    const std::size_t begin = id == 0 ? 0 : ends_[id - 1];
    return std::string_view(text_).substr(begin, ends_[id] - begin);
  }
  void reserve(std::size_t pieces, std::size_t bytes) {
    ends_.reserve(pieces);
    text_.reserve(bytes);
  }
  // Appends `piece` with the next id. The caller checks the limits: kMaxTokenIds pieces of
  // kMaxPieceBytes, and less than 4 GiB of text.
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

// A token that is searched in the text before all other steps.
struct AddedToken {
  std::uint32_t id = 0;
  std::string content;
  bool special = false;      // omitted when decoding with skip_special
  bool single_word = false;  // only if no word character is adjacent
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // takes the white space after it
  bool normalized = false;   // searched after normalization instead of before
  bool operator==(const AddedToken&) const = default;
};

enum class SplitBehavior : std::uint8_t {
  kRemoved,
  kIsolated,
  kMergedWithPrevious,
  kMergedWithNext,
  kContiguous,
};

// As tokenizer.json names them.
inline constexpr std::pair<SplitBehavior, std::string_view> kSplitBehaviorNames[] = {
    {SplitBehavior::kRemoved, "Removed"},
    {SplitBehavior::kIsolated, "Isolated"},
    {SplitBehavior::kMergedWithPrevious, "MergedWithPrevious"},
    {SplitBehavior::kMergedWithNext, "MergedWithNext"},
    {SplitBehavior::kContiguous, "Contiguous"}};

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

// Maps bytes to the 256 characters of GPT-2's alphabet; always the last step, and always present.
struct ByteLevelStep {
  bool add_prefix_space = false;
  bool use_regex = true;  // split with GPT-2's regex first
  bool operator==(const ByteLevelStep&) const = default;
};

using PreTokenizerStep = std::variant<SplitStep, DigitsStep, ByteLevelStep>;

struct TokenizerSpec {
  PieceTable vocab;               // spelled in GPT-2's byte alphabet, by id
  std::vector<MergePair> merges;  // by rank
  std::vector<AddedToken> added;  // ids may be inside of or after the vocabulary
  bool nfc = false;
  std::vector<PreTokenizerStep> steps;
  bool ignore_merges = false;                    // a word that is a piece is not split
  std::vector<std::uint32_t> bos_from_template;  // ids that the template puts before the text
  bool has_repeats = false;                      // the file listed a token again; not stored
  bool operator==(const TokenizerSpec&) const = default;
};

// Throws Error(kData) if the parts contradict each other or exceed a limit, Error(kUnsupported) if
// the steps do not end with the only ByteLevel. `source` names the file in messages.
void check_tokenizer_spec(const TokenizerSpec& spec, std::string_view source);

}  // namespace cellm
