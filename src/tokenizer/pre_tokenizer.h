// Splitting text into the words that BPE processes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tokenizer/regex.h"
#include "tokenizer/spec.h"

namespace cellm {

// Workspace of PreTokenizer::split(); reused from call to call, not for concurrent use.
struct PreTokenizerScratch {
  RegexScratchPtr regex = make_regex_scratch();
  std::vector<TextRange> matches;
};

// Runs the steps of a TokenizerSpec before the byte alphabet is applied. Immutable, so it may be
// shared between threads.
class PreTokenizer {
 public:
  // Throws Error(kUnsupported) or Error(kData), naming `source`, for a pattern that cannot be used.
  PreTokenizer(const std::vector<PreTokenizerStep>& steps, std::string_view source);

  // Stores the words of valid UTF-8 in `words`, in order; text that a step removes is in no word.
  // Returns the text that the words refer to: `text`, or `spaced` if a space had to be added before
  // words. Throws Error(kData) if a pattern is too expensive on this text.
  std::string_view split(std::string_view text, PreTokenizerScratch& scratch, std::string& spaced,
                         std::vector<TextRange>& words) const;

 private:
  struct Split {
    Regex regex;
    SplitBehavior behavior;
    bool invert;
  };
  using Step = std::variant<Split, DigitsStep>;

  std::vector<Step> steps_;
  ByteLevelStep byte_level_;
};

}  // namespace cellm
