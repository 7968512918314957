// Parsing of tokenizer.json: the long lists as flat arrays, the rest as a JSON document.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "io/json.h"

namespace cellm {

// Strings concatenated in one block.
struct TextList {
  std::string text;
  std::vector<std::size_t> ends;

  std::size_t size() const { return ends.size(); }
  std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(text).substr(begin, ends[i] - begin);
  }
  void push_back(std::string_view item) {
    text += item;
    ends.push_back(text.size());
  }
};

struct TokenizerDocument {
  bool has_vocab = false;
  bool has_merges = false;
  TextList pieces;                 // the keys of model.vocab, in the order of the file
  std::vector<std::uint32_t> ids;  // and their ids
  TextList merges;                 // model.merges: left, right, left, right...
};

// Fills `document`, and `rest` with everything else (model.vocab and model.merges are null in it).
// Throws Error(kData), naming `source`, for invalid JSON, duplicate keys in one object, nesting
// deeper than kMaxJsonDepth, or lists beyond the limits of base/limits.h.
void parse_tokenizer_document(std::string_view text, std::string_view source,
                              TokenizerDocument& document, Json& rest);

}  // namespace cellm
