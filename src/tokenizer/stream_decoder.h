// Text from token ids as they come.
#pragma once

#include <cstdint>
#include <string>

#include "tokenizer/tokenizer.h"

namespace cellm {

// Turns ids into text piece by piece, never half a character: bytes that may begin one wait for the
// next token. All pieces together are Tokenizer::decode() of all ids. Not thread-safe.
class StreamDecoder {
 public:
  // The tokenizer must outlive the decoder.
  StreamDecoder(const Tokenizer& tokenizer, bool skip_special)
      : tokenizer_(&tokenizer), skip_special_(skip_special) {}

  // The text that is complete with this id. Throws Error(kUsage) for an id that is no token.
  std::string push(std::uint32_t id);
  // What is left, incomplete characters as U+FFFD; the decoder may then be used for another text.
  std::string finish();

 private:
  const Tokenizer* tokenizer_;
  bool skip_special_;
  std::string waiting_;  // at most 3 bytes between calls
};

}  // namespace cellm
