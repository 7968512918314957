// Text to token ids and back, as the Hugging Face tokenizers library computes it.
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

namespace cellm {

// A byte-level BPE tokenizer. Immutable, so it may be shared between threads.
class Tokenizer {
 public:
  // Throws Error(kData) or Error(kUnsupported), naming `source`, for a spec that cannot be used.
  Tokenizer(TokenizerSpec spec, std::string_view source);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // The ids of a text. With parse_special, added tokens that the text spells out become their ids;
  // without, the text is text: none of its parts becomes a special token, and the other added
  // tokens only come out where merging makes them. Adds no token of its own, see
  // bos_from_template(). Throws Error(kUsage) for invalid UTF-8, naming the byte, and Error(kData)
  // for a pre-tokenizer regex that is too expensive on this text.
  std::vector<std::uint32_t> encode(std::string_view text, bool parse_special) const;

  // The text of ids; bytes that are not UTF-8 become U+FFFD. With skip_special, special tokens have
  // no text. Throws Error(kUsage) for an id that is no token.
  std::string decode(std::span<const std::uint32_t> ids, bool skip_special) const;

  // The bytes that a token stands for. Throws Error(kUsage) for an id that is no token.
  std::string token_bytes(std::uint32_t id) const;

  // The token with this content (added tokens) or spelling in the byte alphabet (others).
  std::optional<std::uint32_t> token_to_id(std::string_view token) const;

  std::size_t vocab_size() const;           // one more than the highest id
  bool contains(std::uint32_t id) const;    // ids below vocab_size() may be unused
  bool is_special(std::uint32_t id) const;  // false for an id that is no token

  // What the file's template wants before the text: nothing, or a begin-of-text token.
  const std::vector<std::uint32_t>& bos_from_template() const;

  const TokenizerSpec& spec() const;  // for writing it in another form

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

// The tokenizer that comes with a model, whatever its form; `source` names it in messages. Throws
// Error(kUnsupported) if there is none.
Tokenizer load_tokenizer(const TokenizerData& data, std::string_view source);

}  // namespace cellm
