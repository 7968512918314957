// Log probabilities, in OpenAI's two forms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/logprobs.h"
#include "serve/json_text.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

// An entry of a chat's "content": {token, logprob, bytes, top_logprobs}.
OrderedJson chat_logprob(const Tokenizer& tokenizer, const TokenLogprobs& logprobs);

// The "logprobs" of a completion: tokens, their log probabilities, the best tokens in their places,
// and where each begins in the text, in characters. The chosen token is always among the best.
class TextLogprobs {
 public:
  explicit TextLogprobs(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}

  // A token without a probability: the first one of a prompt.
  void add(std::uint32_t id);
  void add(const TokenLogprobs& logprobs);
  bool empty() const { return entries_.empty(); }
  // The entries added since the last call.
  OrderedJson take();

 private:
  struct Entry {
    std::string token;
    std::optional<double> logprob;
    std::vector<std::pair<std::string, double>> top;
    std::size_t offset;
  };

  Entry& begin(std::uint32_t id);

  const Tokenizer* tokenizer_;
  std::vector<Entry> entries_;
  std::size_t characters_ = 0;
};

}  // namespace cellm
