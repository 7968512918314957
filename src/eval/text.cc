#include "eval/text.h"

#include <algorithm>
#include <memory>
#include <new>
#include <xxhash.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "base/utf8.h"
#include "tokenizer/nfc.h"

namespace cellm {

EvalText read_eval_text(const std::filesystem::path& path) {
  EvalText text{path.string(), read_file(path, kMaxEvalTextBytes)};
  const std::string name = printable(text.name);
  if (text.text.empty()) throw data_error("{}: the file is empty; expected text", name);
  const std::size_t invalid = find_invalid_utf8(text.text);
  if (invalid != std::string::npos) {
    throw data_error("{}: byte {} (0x{:02x}) is not valid UTF-8", name, invalid,
                     static_cast<unsigned char>(text.text[invalid]));
  }
  return text;
}

std::uint64_t text_checksum(std::span<const EvalText> texts) {
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  const std::unique_ptr<XXH3_state_t, Free> state(XXH3_createState());
  if (!state) throw std::bad_alloc();
  XXH3_64bits_reset(state.get());
  for (const EvalText& text : texts)
    XXH3_64bits_update(state.get(), text.text.data(), text.text.size());
  return XXH3_64bits_digest(state.get());
}

EvalTokens tokenize_text(const EvalText& text, const Tokenizer& tokenizer) {
  EvalTokens tokens;
  tokens.name = text.name;
  const std::vector<std::uint32_t> ids = tokenizer.encode(text.text, false);
  std::string seen;
  for (const std::uint32_t id : ids) seen += tokenizer.token_bytes(id);
  // The text as the model sees it: normalized if the tokenizer normalizes.
  const std::string normal = tokenizer.spec().nfc ? normalize_nfc(text.text) : text.text;
  std::string_view expected = normal;
  std::string_view found = seen;
  if (found.starts_with(' ') && !expected.starts_with(' ')) found.remove_prefix(1);  // added
  if (found != expected) {
    const auto [differs, ignored] =
        std::mismatch(expected.begin(), expected.end(), found.begin(), found.end());
    const auto at = static_cast<std::size_t>(differs - expected.begin());
    throw data_error(
        "{}: byte {}{}: the tokenizer has no token for it, so this text cannot be scored",
        printable(text.name), at,
        at < expected.size() ? fmt::format(" (0x{:02x})", static_cast<unsigned char>(expected[at]))
                             : "");
  }
  tokens.ids = tokenizer.bos_from_template();
  tokens.begin_tokens = tokens.ids.size();
  tokens.ids.insert(tokens.ids.end(), ids.begin(), ids.end());
  return tokens;
}

void require_same_tokenizer(const Tokenizer& tokenizer, const Tokenizer& reference,
                            std::span<const EvalText> texts, std::string_view reference_name) {
  if (tokenizer.vocab_size() != reference.vocab_size()) {
    throw usage_error(
        "{}: the reference's tokenizer has {} ids, the model's {}; probabilities of other tokens "
        "cannot be compared",
        printable(reference_name), reference.vocab_size(), tokenizer.vocab_size());
  }
  if (tokenizer.bos_from_template() != reference.bos_from_template()) {
    throw usage_error(
        "{}: the reference's tokenizer puts other tokens before a text than the model's",
        printable(reference_name));
  }
  for (const EvalText& text : texts) {
    const auto ids = tokenizer.encode(text.text, false);
    const auto other = reference.encode(text.text, false);
    if (ids == other) continue;
    const auto at = std::mismatch(ids.begin(), ids.end(), other.begin(), other.end()).first;
    throw usage_error(
        "{}: the reference's tokenizer gives {} other tokens than the model's, from token {} on; "
        "their probabilities cannot be compared",
        printable(reference_name), printable(text.name), at - ids.begin());
  }
}

}  // namespace cellm
