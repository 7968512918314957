// Tokenizers for the tests of this folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/json.h"
#include "io/model_source.h"
#include "tokenizer/tokenizer.h"

namespace cellm::test {

struct Vector {
  std::string text;
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> ids_as_plain_text;
  std::string decoded;
};

// testdata/tokenizers/NAME.tokenizer.json.gz, unpacked; each file is read once.
const std::string& published_json(const std::string& name);
// The tokenizer made from it; each is made once.
const Tokenizer& published_tokenizer(const std::string& name);
// testdata/tokenizers/NAME.vectors.json.gz, made with the tokenizers library.
const std::vector<Vector>& published_vectors(const std::string& name);

// A small tokenizer.json: the 256 bytes as ids 0 to 255 in the order of the bytes, the pieces he,
// ll, llo, hello, Ġhello as ids 256 to 260 with the merges that produce them, and GPT-2's split.
Json small_json();
Json added_token(std::uint32_t id, const std::string& content, bool special);

Tokenizer make_tokenizer(const Json& document);

// The kind and message of the Error that `action` throws; a test failure if it throws none.
struct Thrown {
  ErrorKind kind = ErrorKind::kOther;
  std::string message;
};
template <class Action>
Thrown thrown_by(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
  return {ErrorKind::kOther, "nothing was thrown"};
}

}  // namespace cellm::test
