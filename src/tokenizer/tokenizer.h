// Text to token ids and back, equal to the Hugging Face tokenizers library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/model_source.h"
#include "tokenizer/spec.h"
#include "tokenizer/token_trie.h"

namespace cellm {

// The added tokens spelled in a text that become their ids.
enum class AddedTokens : std::uint8_t {
  kNone,      // none; those that are not special may still result from merges
  kOrdinary,  // those that are not special, which belong to what a model says
  kAll,
};

// Bytes of a text up to `end`, from the end of the run before.
struct TextRun {
  std::size_t end;
  AddedTokens tokens;
};

// A byte-level BPE tokenizer. Immutable, so it may be shared between threads.
class Tokenizer {
 public:
  // Throws Error(kData) or Error(kUnsupported), naming `source`, for an unusable spec.
  Tokenizer(TokenizerSpec spec, std::string_view source);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // The ids of a text. With parse_special, added tokens spelled in the text become their ids.
  // Without, no part of the text becomes a special token, and other added tokens result only from
  // merges. Adds no begin-of-text token, see bos_from_template(). Throws Error(kUsage) for invalid
  // UTF-8, naming the byte, and Error(kData) for a pre-tokenizer regex that is too expensive on
  // this text.
  std::vector<std::uint32_t> encode(std::string_view text, bool parse_special) const;

  // The same for a text of several runs, whose last one ends with it: an added token is recognized
  // if all runs that it touches allow it. What lies between is tokenized across runs.
  std::vector<std::uint32_t> encode(std::string_view text, std::span<const TextRun> runs) const;

  // The text of ids; invalid UTF-8 becomes U+FFFD. With skip_special, special tokens are omitted.
  // Throws Error(kUsage) for an id that is not a token.
  std::string decode(std::span<const std::uint32_t> ids, bool skip_special) const;

  // The bytes of a token. Throws Error(kUsage) for an id that is not a token.
  std::string token_bytes(std::uint32_t id) const;

  // The token with this content (added tokens) or spelling in the byte alphabet (others).
  std::optional<std::uint32_t> token_to_id(std::string_view token) const;

  std::size_t vocab_size() const;           // one more than the highest id
  bool contains(std::uint32_t id) const;    // ids below vocab_size() may be unused
  bool is_special(std::uint32_t id) const;  // false for an id that is not a token
  bool is_added(std::uint32_t id) const;    // special tokens included
  bool has_repeats() const;                 // whether the file listed a token twice

  // The ids that the file's template puts before the text: none, or a begin-of-text token.
  const std::vector<std::uint32_t>& bos_from_template() const;

  // Built at the first call, which takes some 0.1 s for 250,000 tokens.
  std::shared_ptr<const TokenTrie> trie() const;

  const TokenizerSpec& spec() const;  // for writing it in another form

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

// The tokenizer of a model, in whatever form it is stored; `source` names it in messages. Throws
// Error(kUnsupported) if there is none.
Tokenizer load_tokenizer(const TokenizerData& data, std::string_view source);

}  // namespace cellm
