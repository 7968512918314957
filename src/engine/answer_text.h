// The text of an answer, up to a stop string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/string_matcher.h"
#include "tokenizer/stream_decoder.h"

namespace cellm {

// Decodes the ids of an answer one by one and ends the text before the first stop string. Where
// several stop strings overlap, the first one to be complete counts, and of those that end at the
// same byte the longest one. How the text is divided into tokens makes no difference.
//
// Control tokens have no text, so no stop string is found in their spelling, but for those in
// `spelled_ids`. Not thread-safe.
class AnswerText {
 public:
  // The tokenizer must outlive this. Throws Error(kUsage) for a stop string that is empty, longer
  // than kMaxStopStringBytes or not UTF-8, and for more than kMaxStopStrings.
  AnswerText(const Tokenizer& tokenizer, std::span<const std::string> stop_strings,
             std::span<const std::uint32_t> spelled_ids = {});

  // Throws Error(kUsage) for an id that is not a token. Nothing may follow a stop string.
  void push(std::uint32_t id);
  // No token follows: an incomplete character becomes U+FFFD.
  void finish();

  // A stop string is complete.
  bool stopped() const { return stopped_; }
  // The text so far, whole characters, without an end that may be the beginning of a stop string.
  // Only grows.
  std::string_view certain() const { return std::string_view(text_).substr(0, certain_); }

 private:
  void append(std::string_view text);

  StreamDecoder decoder_;
  std::vector<StringMatcher> stops_;
  std::string text_;
  std::size_t certain_ = 0;  // bytes of text_
  bool stopped_ = false;
};

}  // namespace cellm
