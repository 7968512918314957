// The regular expressions of pre-tokenizers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cellm {

// Half-open range of bytes in a text.
struct TextRange {
  std::size_t begin;
  std::size_t end;
};

// Translates a pattern from the Oniguruma (Ruby) dialect of tokenizer.json to an equivalent one for
// PCRE2 with UTF and UCP. Throws Error(kUnsupported), naming `source` and the first construct
// without a known equivalent.
std::string translate_pattern(std::string_view pattern, std::string_view source);

// Workspace for matching, one per thread. Must not outlive the regex it is used with.
class RegexScratch;
struct RegexScratchDelete {
  void operator()(RegexScratch* scratch) const;
};
using RegexScratchPtr = std::unique_ptr<RegexScratch, RegexScratchDelete>;
RegexScratchPtr make_regex_scratch();
// Starts a new text of `bytes`: all searches until the next call are in parts of it and share its
// time limit. Without this, each search is a separate text.
void begin_text(RegexScratch& scratch, std::size_t bytes);

// A compiled pattern. Immutable, so it may be shared between threads.
class Regex {
 public:
  // Throws Error(kUnsupported) or Error(kData), naming `source`, for a pattern that cannot be used.
  Regex(std::string_view pattern, std::string_view source);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  // Appends all matches in `text`, valid UTF-8, from left to right. After an empty match the search
  // continues one character further; an empty match directly after another match does not count.
  // Throws Error(kData) if a single match exceeds the steps or memory, or all searches in a text
  // the time, of base/limits.h.
  void find_all(std::string_view text, RegexScratch& scratch,
                std::vector<TextRange>& matches) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
  std::string source_;
};

}  // namespace cellm
