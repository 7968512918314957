#include "tokenizer/tokenizer.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/error.h"
#include "base/lazy.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/bpe.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/compact.h"
#include "tokenizer/gguf_tokenizer.h"
#include "tokenizer/nfc.h"
#include "tokenizer/piece_index.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/tokenizer_json.h"

namespace cellm {
namespace {

constexpr std::uint32_t kNoPiece = ~std::uint32_t{0};

TokenizerSpec checked(TokenizerSpec spec, std::string_view source) {
  check_tokenizer_spec(spec, source);
  return spec;
}

// The content to search for; the token also decodes to it.
std::string sought_text(const AddedToken& token, bool nfc) {
  return token.normalized && nfc ? normalize_nfc(token.content) : token.content;
}

// The added tokens that are searched before or after normalization.
AddedTokenMatcher make_matcher(const TokenizerSpec& spec, bool normalized) {
  std::vector<AddedToken> tokens;
  for (const AddedToken& token : spec.added) {
    if (token.normalized != normalized) continue;
    tokens.push_back(token);
    tokens.back().content = sought_text(token, spec.nfc);
  }
  return AddedTokenMatcher(std::move(tokens));
}

// The tokens that all runs in [begin, end) allow.
AddedTokens least_allowed(std::span<const TextRun> runs, std::size_t begin, std::size_t end) {
  auto run = std::partition_point(runs.begin(), runs.end(),
                                  [begin](const TextRun& r) { return r.end <= begin; });
  AddedTokens least = AddedTokens::kAll;
  for (; run != runs.end(); ++run) {
    least = std::min(least, run->tokens);
    if (run->end >= end) break;
  }
  return least;
}

bool allows(AddedTokens tokens, const AddedToken& token) {
  return tokens == AddedTokens::kAll || (tokens == AddedTokens::kOrdinary && !token.special);
}

std::array<std::uint32_t, 256> find_bytes(const PieceIndex& index) {
  std::array<std::uint32_t, 256> ids{};
  for (std::size_t byte = 0; byte < ids.size(); ++byte) {
    ids[byte] = index.find(byte_level_alphabet()[byte]).value_or(kNoPiece);
  }
  return ids;
}

}  // namespace

struct Tokenizer::Parts {
  Parts(TokenizerSpec raw, std::string_view source)
      : spec(checked(std::move(raw), source)),
        index(spec.vocab),
        merges(spec, index, source),
        before_normalization(make_matcher(spec, false)),
        after_normalization(make_matcher(spec, true)),
        pre_tokenizer(spec.steps, source),
        byte_ids(find_bytes(index)),
        vocab_size(spec.vocab.size()) {
    for (std::size_t i = 0; i < spec.added.size(); ++i) {
      added_by_id.emplace(spec.added[i].id, i);
      added_by_content.insert_or_assign(spec.added[i].content, i);
      vocab_size = std::max(vocab_size, std::size_t{spec.added[i].id} + 1);
    }
    refuse_special_from_text(source);
  }

  const AddedToken* added(std::uint32_t id) const {
    const auto found = added_by_id.find(id);
    return found == added_by_id.end() ? nullptr : &spec.added[found->second];
  }

  bool is_special(std::uint32_t id) const {
    const AddedToken* token = added(id);
    return token != nullptr && token->special;
  }

  // User text must never become a special token, so no special token may result from bytes and
  // merges.
  void refuse_special_from_text(std::string_view source) const {
    const auto refuse = [&](std::uint32_t id, std::string_view how) {
      if (!is_special(id)) return;
      throw unsupported_error("{}: {} gives the special token {} \"{}\", so text could become it",
                              source, how, id, printable(added(id)->content));
    };
    for (const std::uint32_t id : byte_ids) refuse(id, "a single byte");
    for (const auto [left, right] : spec.merges) {
      refuse(merges.find(left, right)->result, "a merge");
    }
  }

  struct Scratch {
    PreTokenizerScratch pre_tokenizer;
    MergeScratch merges;
    std::vector<TextRange> words;
    std::string spaced;
    std::string spelled;
  };

  void encode_word(std::string_view word, Scratch& scratch, std::vector<std::uint32_t>& ids) const;
  void encode_words(std::string_view text, Scratch& scratch, std::vector<std::uint32_t>& ids) const;
  void encode_part(std::string_view text, std::size_t begin, std::span<const TextRun> runs,
                   Scratch& scratch, std::vector<std::uint32_t>& ids) const;

  const TokenizerSpec spec;
  const PieceIndex index;
  const MergeTable merges;
  const AddedTokenMatcher before_normalization;
  const AddedTokenMatcher after_normalization;
  const PreTokenizer pre_tokenizer;
  const std::array<std::uint32_t, 256> byte_ids;  // kNoPiece: the byte has no piece and is dropped
  std::unordered_map<std::uint32_t, std::size_t> added_by_id;
  std::unordered_map<std::string_view, std::size_t> added_by_content;
  std::size_t vocab_size;
  Lazy<std::shared_ptr<const TokenTrie>> trie;
};

void Tokenizer::Parts::encode_word(std::string_view word, Scratch& scratch,
                                   std::vector<std::uint32_t>& ids) const {
  if (spec.ignore_merges && word.size() <= kMaxPieceBytes) {
    const auto id = index.find(scratch.spelled = to_byte_level(word));
    if (id && !is_special(*id)) {
      ids.push_back(*id);
      return;
    }
  }
  scratch.merges.ids.clear();
  for (const char c : word) {
    const std::uint32_t id = byte_ids[static_cast<unsigned char>(c)];
    if (id != kNoPiece) scratch.merges.ids.push_back(id);
  }
  apply_merges(merges, scratch.merges);
  ids.insert(ids.end(), scratch.merges.ids.begin(), scratch.merges.ids.end());
}

void Tokenizer::Parts::encode_words(std::string_view text, Scratch& scratch,
                                    std::vector<std::uint32_t>& ids) const {
  const std::string_view words_text =
      pre_tokenizer.split(text, scratch.pre_tokenizer, scratch.spaced, scratch.words);
  for (const TextRange& word : scratch.words) {
    encode_word(words_text.substr(word.begin, word.end - word.begin), scratch, ids);
  }
}

// The text between two added tokens that are searched before normalization, which begins at
// `begin` of the text that the runs describe.
void Tokenizer::Parts::encode_part(std::string_view text, std::size_t begin,
                                   std::span<const TextRun> runs, Scratch& scratch,
                                   std::vector<std::uint32_t>& ids) const {
  const AddedTokens least = least_allowed(runs, begin, begin + text.size());
  std::string normal;
  const bool changes = spec.nfc && !is_trivially_nfc(text);
  if (changes) text = normal = normalize_nfc(text);
  if (after_normalization.empty()) {
    encode_words(text, scratch, ids);
    return;
  }
  // Normalization moves the bytes away from their runs: then the whole part is what its least run
  // is.
  const auto allowed = [&](const AddedToken& token, std::size_t from, std::size_t to) {
    return allows(changes ? least : least_allowed(runs, begin + from, begin + to), token);
  };
  for (const TextPart& part : after_normalization.split(text, allowed)) {
    if (part.token) {
      ids.push_back(*part.token);
    } else {
      encode_words(text.substr(part.begin, part.end - part.begin), scratch, ids);
    }
  }
}

Tokenizer::Tokenizer(TokenizerSpec spec, std::string_view source)
    : parts_(std::make_unique<const Parts>(std::move(spec), source)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<std::uint32_t> Tokenizer::encode(std::string_view text, bool parse_special) const {
  const TextRun whole{text.size(), parse_special ? AddedTokens::kAll : AddedTokens::kNone};
  return encode(text, std::span(&whole, 1));
}

std::vector<std::uint32_t> Tokenizer::encode(std::string_view text,
                                             std::span<const TextRun> runs) const {
  CELLM_CHECK(text.empty() || (!runs.empty() && runs.back().end == text.size()));
  if (text.size() > kMaxEncodedBytes) {
    throw usage_error("the text has {} bytes, at most {} can be encoded at once", text.size(),
                      kMaxEncodedBytes);
  }
  const std::size_t invalid = find_invalid_utf8(text);
  if (invalid != std::string_view::npos) {
    throw usage_error("the text is not valid UTF-8 at byte {} (0x{:02x})", invalid,
                      static_cast<unsigned char>(text[invalid]));
  }
  std::vector<std::uint32_t> ids;
  Parts::Scratch scratch;
  begin_text(*scratch.pre_tokenizer.regex, text.size());
  const auto allowed = [runs](const AddedToken& token, std::size_t begin, std::size_t end) {
    return allows(least_allowed(runs, begin, end), token);
  };
  for (const TextPart& part : parts_->before_normalization.split(text, allowed)) {
    if (part.token) {
      ids.push_back(*part.token);
    } else {
      parts_->encode_part(text.substr(part.begin, part.end - part.begin), part.begin, runs, scratch,
                          ids);
    }
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const std::uint32_t> ids, bool skip_special) const {
  std::string bytes;
  for (const std::uint32_t id : ids) {
    if (skip_special && is_special(id)) continue;
    bytes += token_bytes(id);
  }
  if (find_invalid_utf8(bytes) == std::string::npos) return bytes;
  std::string text;
  append_lossy_utf8(text, bytes, true);
  return text;
}

std::string Tokenizer::token_bytes(std::uint32_t id) const {
  const AddedToken* token = parts_->added(id);
  std::string bytes;
  if (token != nullptr) {
    append_piece_bytes(bytes, sought_text(*token, parts_->spec.nfc));
    return bytes;
  }
  const std::string_view piece = parts_->spec.vocab[id];
  if (piece.empty()) {
    throw usage_error("token {} does not exist; the vocabulary has {} ids", id, vocab_size());
  }
  append_piece_bytes(bytes, piece);
  return bytes;
}

std::optional<std::uint32_t> Tokenizer::token_to_id(std::string_view token) const {
  const auto found = parts_->added_by_content.find(token);
  if (found != parts_->added_by_content.end()) return parts_->spec.added[found->second].id;
  return parts_->index.find(token);
}

std::size_t Tokenizer::vocab_size() const {
  return parts_->vocab_size;
}

bool Tokenizer::contains(std::uint32_t id) const {
  return parts_->added(id) != nullptr || !parts_->spec.vocab[id].empty();
}

bool Tokenizer::is_special(std::uint32_t id) const {
  return parts_->is_special(id);
}

bool Tokenizer::is_added(std::uint32_t id) const {
  return parts_->added(id) != nullptr;
}

bool Tokenizer::has_repeats() const {
  return parts_->spec.has_repeats || parts_->index.has_repeats() ||
         parts_->added_by_content.size() < parts_->spec.added.size();
}

const std::vector<std::uint32_t>& Tokenizer::bos_from_template() const {
  return parts_->spec.bos_from_template;
}

std::shared_ptr<const TokenTrie> Tokenizer::trie() const {
  return parts_->trie.get([this] { return std::make_shared<const TokenTrie>(*this); });
}

const TokenizerSpec& Tokenizer::spec() const {
  return parts_->spec;
}

Tokenizer load_tokenizer(const TokenizerData& data, std::string_view source) {
  if (const auto* json = std::get_if<TokenizerJson>(&data)) {
    return {read_tokenizer_json(json->text, json->source), json->source};
  }
  if (const auto* compact = std::get_if<CompactTokenizer>(&data)) {
    return {parse_compact_tokenizer(compact->bytes, source), source};
  }
  if (const auto* gguf = std::get_if<GgufTokenizer>(&data)) {
    return {read_gguf_tokenizer(*gguf, source), source};
  }
  throw unsupported_error("{}: the model comes without a tokenizer", source);
}

}  // namespace cellm
