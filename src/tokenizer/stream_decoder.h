// Incremental decoding of token ids.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace cellm {

// Converts ids to text one by one, never emitting a part of a character: bytes that may begin a
// character wait for the next token. The concatenated output equals Tokenizer::decode() of all ids.
// Not thread-safe.
class StreamDecoder {
 public:
  // The tokenizer must outlive the decoder. `spelled`: special tokens that are not skipped.
  StreamDecoder(const Tokenizer& tokenizer, bool skip_special,
                std::vector<std::uint32_t> spelled = {})
      : tokenizer_(&tokenizer), skip_special_(skip_special), spelled_(std::move(spelled)) {}

  // Returns the text completed by this id. Throws Error(kUsage) for an id that is not a token.
  std::string push(std::uint32_t id);
  // Returns the remaining text, incomplete characters as U+FFFD, and resets the decoder.
  std::string finish();

 private:
  const Tokenizer* tokenizer_;
  bool skip_special_;
  std::vector<std::uint32_t> spelled_;
  std::string waiting_;  // at most 3 bytes between calls
};

}  // namespace cellm
