#include "tokenizer/stream_decoder.h"

#include <algorithm>

#include "base/utf8.h"

namespace cellm {

std::string StreamDecoder::push(std::uint32_t id) {
  std::string text;
  const bool spelled = std::find(spelled_.begin(), spelled_.end(), id) != spelled_.end();
  if (skip_special_ && !spelled && tokenizer_->is_special(id)) return text;
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
