#include "tokenizer/compact.h"

#include <cstdint>
#include <cstring>
#include <string>

#include "base/byte_reader.h"
#include "base/error.h"

namespace cellm {
namespace {

constexpr std::uint32_t kMagic = 0x4B4F5443;  // "CTOK"
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kFlagNfc = 1;
constexpr std::uint32_t kFlagIgnoreMerges = 2;
constexpr std::uint8_t kKindSplit = 1;
constexpr std::uint8_t kKindDigits = 2;
constexpr std::uint8_t kKindByteLevel = 3;
static_assert(kMaxPieceBytes <= UINT16_MAX);

class Writer {
 public:
  template <std::integral T>
  void put(T value) {
    const auto* raw = reinterpret_cast<const std::byte*>(&value);
    out_.insert(out_.end(), raw, raw + sizeof(T));
  }
  void put_count(std::size_t count) { put(static_cast<std::uint32_t>(count)); }
  void put_text(std::string_view text) {
    put_count(text.size());
    put_raw(text);
  }
  void put_raw(std::string_view text) {
    const auto* raw = reinterpret_cast<const std::byte*>(text.data());
    out_.insert(out_.end(), raw, raw + text.size());
  }
  std::vector<std::byte> take() { return std::move(out_); }

 private:
  std::vector<std::byte> out_;
};

std::uint8_t bits(std::initializer_list<bool> flags) {
  unsigned value = 0;
  unsigned bit = 1;
  for (const bool flag : flags) {
    if (flag) value |= bit;
    bit <<= 1;
  }
  return static_cast<std::uint8_t>(value);
}

void put_step(Writer& out, const PreTokenizerStep& step) {
  if (const auto* split = std::get_if<SplitStep>(&step)) {
    out.put(kKindSplit);
    out.put(bits({split->is_regex, split->invert}));
    out.put(static_cast<std::uint8_t>(split->behavior));
    out.put_text(split->pattern);
  } else if (const auto* digits = std::get_if<DigitsStep>(&step)) {
    out.put(kKindDigits);
    out.put(bits({digits->individual}));
  } else {
    const auto& byte_level = std::get<ByteLevelStep>(step);
    out.put(kKindByteLevel);
    out.put(bits({byte_level.add_prefix_space, byte_level.use_regex}));
  }
}

// Reads flags of which only the lowest `known` bits may be set.
std::uint32_t read_flags(std::uint32_t flags, unsigned known, std::string_view field,
                         const ByteReader& in) {
  if (flags >> known != 0) {
    throw data_error("{}: {} before byte {} has unknown bits: {:#x}", in.source(), field,
                     in.offset(), flags);
  }
  return flags;
}

std::string read_text(ByteReader& in, std::size_t max_bytes, std::string_view field) {
  const auto size = in.read<std::uint32_t>(field);
  if (size > max_bytes) {
    throw data_error("{}: {} of {} bytes, at most {} are allowed", in.source(), field, size,
                     max_bytes);
  }
  return std::string(in.read_text(size, field));
}

void read_vocab(ByteReader& in, PieceTable& vocab) {
  const std::size_t count = in.read_count<std::uint32_t>(sizeof(std::uint16_t), "vocabulary");
  if (count > kMaxTokenIds) {
    throw data_error("{}: a vocabulary of {} ids, at most {} are allowed", in.source(), count,
                     kMaxTokenIds);
  }
  const auto lengths = in.read_bytes(count * sizeof(std::uint16_t), "piece lengths");
  const auto total = in.read<std::uint32_t>("piece bytes");
  std::string_view text = in.read_text(total, "pieces");
  vocab.reserve(count, text.size());
  for (std::size_t id = 0; id < count; ++id) {
    std::uint16_t length;
    std::memcpy(&length, lengths.data() + id * sizeof(length), sizeof(length));
    if (length > text.size()) {
      throw data_error("{}: the pieces are longer than the {} bytes they have", in.source(), total);
    }
    vocab.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  if (!text.empty()) {
    throw data_error("{}: {} bytes belong to no piece", in.source(), text.size());
  }
}

PreTokenizerStep read_step(ByteReader& in) {
  const auto kind = in.read<std::uint8_t>("step kind");
  const std::uint32_t flags = read_flags(in.read<std::uint8_t>("step flags"), 2, "step flags", in);
  const bool first = (flags & 1) != 0;
  const bool second = (flags & 2) != 0;
  switch (kind) {
    case kKindSplit: {
      SplitStep split;
      split.is_regex = first;
      split.invert = second;
      const auto behavior = in.read<std::uint8_t>("split behavior");
      if (behavior > static_cast<std::uint8_t>(SplitBehavior::kContiguous)) {
        throw data_error("{}: unknown split behavior {}", in.source(), behavior);
      }
      split.behavior = static_cast<SplitBehavior>(behavior);
      split.pattern = read_text(in, kMaxPatternBytes, "split pattern");
      return split;
    }
    case kKindDigits:
      return DigitsStep{first};
    case kKindByteLevel:
      return ByteLevelStep{first, second};
    default:
      throw data_error("{}: unknown pre-tokenizer step {}", in.source(), kind);
  }
}

}  // namespace

std::vector<std::byte> serialize_tokenizer(const TokenizerSpec& spec) {
  Writer out;
  out.put(kMagic);
  out.put(kVersion);
  out.put((spec.nfc ? kFlagNfc : 0) | (spec.ignore_merges ? kFlagIgnoreMerges : 0));
  out.put_count(spec.vocab.size());
  for (std::size_t id = 0; id < spec.vocab.size(); ++id) {
    out.put(static_cast<std::uint16_t>(spec.vocab[id].size()));
  }
  out.put_count(spec.vocab.text_bytes());
  for (std::size_t id = 0; id < spec.vocab.size(); ++id) out.put_raw(spec.vocab[id]);
  out.put_count(spec.merges.size());
  for (const MergePair& pair : spec.merges) {
    out.put(pair.left);
    out.put(pair.right);
  }
  out.put_count(spec.added.size());
  for (const AddedToken& token : spec.added) {
    out.put(token.id);
    out.put(bits({token.special, token.single_word, token.lstrip, token.rstrip, token.normalized}));
    out.put_text(token.content);
  }
  out.put_count(spec.steps.size());
  for (const PreTokenizerStep& step : spec.steps) put_step(out, step);
  out.put_count(spec.bos_from_template.size());
  for (const std::uint32_t id : spec.bos_from_template) out.put(id);
  return out.take();
}

TokenizerSpec parse_compact_tokenizer(std::span<const std::byte> bytes, std::string_view source) {
  ByteReader in(bytes, source);
  if (in.read<std::uint32_t>("tokenizer magic") != kMagic) {
    throw data_error("{}: the tokenizer does not start with CTOK", source);
  }
  const auto version = in.read<std::uint32_t>("tokenizer version");
  if (version != kVersion) {
    throw unsupported_error("{}: the tokenizer has version {}, this cellm reads {}", source,
                            version, kVersion);
  }
  TokenizerSpec spec;
  const std::uint32_t flags =
      read_flags(in.read<std::uint32_t>("tokenizer flags"), 2, "tokenizer flags", in);
  spec.nfc = (flags & kFlagNfc) != 0;
  spec.ignore_merges = (flags & kFlagIgnoreMerges) != 0;
  read_vocab(in, spec.vocab);

  spec.merges.resize(in.read_count<std::uint32_t>(sizeof(MergePair), "merges"));
  const auto pairs = in.read_bytes(spec.merges.size() * sizeof(MergePair), "merges");
  if (!pairs.empty()) std::memcpy(spec.merges.data(), pairs.data(), pairs.size());

  // At least an id, flags and a length.
  spec.added.resize(in.read_count<std::uint32_t>(9, "added tokens"));
  for (AddedToken& token : spec.added) {
    token.id = in.read<std::uint32_t>("added token id");
    const std::uint32_t marks =
        read_flags(in.read<std::uint8_t>("added token flags"), 5, "added token flags", in);
    token.special = (marks & 1) != 0;
    token.single_word = (marks & 2) != 0;
    token.lstrip = (marks & 4) != 0;
    token.rstrip = (marks & 8) != 0;
    token.normalized = (marks & 16) != 0;
    token.content = read_text(in, kMaxAddedTokenBytes, "added token");
  }
  const std::size_t steps = in.read_count<std::uint32_t>(2, "pre-tokenizer steps");
  for (std::size_t i = 0; i < steps; ++i) spec.steps.push_back(read_step(in));
  spec.bos_from_template.resize(in.read_count<std::uint32_t>(4, "template tokens"));
  for (std::uint32_t& id : spec.bos_from_template) id = in.read<std::uint32_t>("template token");
  if (in.remaining() != 0) {
    throw data_error("{}: {} bytes follow the tokenizer", source, in.remaining());
  }
  return spec;
}

}  // namespace cellm
