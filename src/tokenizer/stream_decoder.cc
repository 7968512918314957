#include "tokenizer/stream_decoder.h"

#include "base/utf8.h"

namespace cellm {

std::string StreamDecoder::push(std::uint32_t id) {
  std::string text;
  if (skip_special_ && tokenizer_->is_special(id)) return text;
  waiting_ += tokenizer_->token_bytes(id);
  waiting_.erase(0, append_lossy_utf8(text, waiting_, false));
  return text;
}

std::string StreamDecoder::finish() {
  std::string text;
  append_lossy_utf8(text, waiting_, true);
  waiting_.clear();
  return text;
}

}  // namespace cellm
