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

// Rewrites a pattern of the Oniguruma (Ruby) dialect, which tokenizer.json files are written in, to
// one that means the same to PCRE2 with UTF and UCP. Throws Error(kUnsupported) naming `source` and
// the first construct for which that is not known to be possible.
std::string translate_pattern(std::string_view pattern, std::string_view source);

// Room for matching, one for each thread. Must not outlive the regex it is used with.
class RegexScratch;
struct RegexScratchDelete {
  void operator()(RegexScratch* scratch) const;
};
using RegexScratchPtr = std::unique_ptr<RegexScratch, RegexScratchDelete>;
RegexScratchPtr make_regex_scratch();
// All searches from here on, until the next call, are in parts of one text: together they may take
// the time that a text of so many bytes has. Without this each search is a text of its own.
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
  // goes on one character further; an empty match just behind another match does not count. Throws
  // Error(kData) if a single match takes more steps or memory, or all searches in a text more time,
  // than base/limits.h allows.
  void find_all(std::string_view text, RegexScratch& scratch,
                std::vector<TextRange>& matches) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
  std::string source_;
};

}  // namespace cellm
