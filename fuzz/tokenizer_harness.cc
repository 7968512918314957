// Harnesses for the three forms of tokenizers: tokenizer.json, the compact form, and GGUF's lists.

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/utf8.h"
#include "harness.h"
#include "mutate.h"
#include "tokenizer/compact.h"
#include "tokenizer/gguf_tokenizer.h"
#include "tokenizer/stream_decoder.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokenizer_json.h"

namespace cellm::fuzz {
namespace {

constexpr std::string_view kSample =
    "Hello, it's 2026!  caf\u00E9 e\u0301 <|im_end|>\r\n\t\u4F60\u597D";
constexpr std::size_t kMaxDecodedIds = 64;

// Postconditions of a tokenizer from any source.
void check_tokenizer(const TokenizerSpec& spec) {
  const Tokenizer tokenizer(spec, "input");
  const auto bytes = serialize_tokenizer(tokenizer.spec());
  TokenizerSpec stored = tokenizer.spec();
  stored.has_repeats = false;  // of the file that it was read from
  require(parse_compact_tokenizer(bytes, "input") == stored,
          "the compact form is the same tokenizer");
  for (const bool special : {false, true}) {
    for (const std::uint32_t id : tokenizer.encode(kSample, special)) {
      require(id < tokenizer.vocab_size() && tokenizer.contains(id), "an id is in the vocabulary");
      require(special || !tokenizer.is_special(id), "plain text has no special token");
    }
  }
  StreamDecoder decoder(tokenizer, false);
  std::vector<std::uint32_t> ids;
  std::string streamed;
  for (std::uint32_t id = 0; id < std::min(tokenizer.vocab_size(), kMaxDecodedIds); ++id) {
    if (!tokenizer.contains(id)) continue;
    ids.push_back(id);
    streamed += decoder.push(id);
  }
  streamed += decoder.finish();
  require(streamed == tokenizer.decode(ids, false), "pieces of a stream are the whole text");
  require(find_invalid_utf8(streamed) == std::string::npos, "a decoded text is UTF-8");
}

void run_json(Bytes input) {
  check_tokenizer(read_tokenizer_json(text_of(input), "input"));
}

void run_compact(Bytes input) {
  // A copy of exactly its size, for AddressSanitizer.
  const std::vector<std::uint8_t> copy(input.begin(), input.end());
  check_tokenizer(parse_compact_tokenizer(std::as_bytes(std::span(copy)), "input"));
}

// Lines: the model, the pre-tokenizer, then "t TYPE TEXT" for a token, "m MERGE", "b" for adding a
// begin-of-text token, "i ID" for its id.
void run_gguf(Bytes input) {
  GgufTokenizer gguf;
  std::string_view rest = text_of(input);
  std::size_t number = 0;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (number == 1) {
      gguf.model = line;
    } else if (number == 2) {
      gguf.pre = line;
    } else if (line.starts_with("t") && line.size() > 3) {
      gguf.token_types.push_back(line[2] - '0');
      gguf.tokens.emplace_back(line.substr(4));
    } else if (line.starts_with("m")) {
      gguf.merges.emplace_back(line.substr(std::min<std::size_t>(2, line.size())));
    } else if (line.starts_with("b")) {
      gguf.add_bos = line.size() == 1;
    } else if (line.starts_with("i")) {
      gguf.bos_id = static_cast<std::uint32_t>(line.size() * line.size() * 7 - 7);
      if (line.size() > 1) gguf.bos_id = static_cast<std::uint32_t>(line.back() - '0');
    } else {
      gguf.token_types.push_back(1);
    }
  }
  check_tokenizer(read_gguf_tokenizer(gguf, "input"));
}

constexpr std::string_view kJsonKeys[] = {"model",
                                          "vocab",
                                          "merges",
                                          "added_tokens",
                                          "normalizer",
                                          "pre_tokenizer",
                                          "decoder",
                                          "post_processor",
                                          "type",
                                          "NFC",
                                          "Sequence",
                                          "normalizers",
                                          "pretokenizers",
                                          "Split",
                                          "Digits",
                                          "ByteLevel",
                                          "pattern",
                                          "Regex",
                                          "String",
                                          "behavior",
                                          "Removed",
                                          "Isolated",
                                          "invert",
                                          "individual_digits",
                                          "add_prefix_space",
                                          "use_regex",
                                          "single",
                                          "special_tokens",
                                          "SpecialToken",
                                          "ids",
                                          "processors",
                                          "decoders",
                                          "dropout",
                                          "unk_token",
                                          "byte_fallback",
                                          "ignore_merges",
                                          "MergedWithNext",
                                          "MergedWithPrevious",
                                          "Contiguous",
                                          "TemplateProcessing",
                                          "continuing_subword_prefix",
                                          "end_of_word_suffix",
                                          "BPE"};

// Leaves out a piece, or puts another in its place.
void mutate_vocab(PieceTable& vocab, Random& random) {
  PieceTable changed;
  const std::size_t chosen = pick(random, vocab.size() + 1);
  for (std::size_t i = 0; i < vocab.size(); ++i) {
    if (i != chosen) changed.push_back(vocab[i]);
    if (i == chosen && once_in(random, 2)) changed.push_back(vocab[pick(random, i + 1)]);
  }
  vocab = std::move(changed);
}

// Removes a step or puts a new one before the others.
void mutate_steps(std::vector<PreTokenizerStep>& steps, Random& random) {
  if (!steps.empty() && once_in(random, 2)) {
    steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(pick(random, steps.size())));
    return;
  }
  constexpr std::string_view kPatterns[] = {"\\s+", "[a-z]|\\p{N}", "(?i:'s|'t)", "x*", "(", "^a"};
  steps.insert(
      steps.begin(),
      SplitStep{std::string(kPatterns[pick(random, std::size(kPatterns))]), once_in(random, 2),
                static_cast<SplitBehavior>(pick(random, 5)), once_in(random, 2)});
}

// Changes one part of the serialized tokenizer.
std::string mutate_compact(const std::string& input, Random& random) {
  TokenizerSpec spec;
  try {
    spec = parse_compact_tokenizer(std::as_bytes(std::span(input)), "input");
  } catch (const Error&) {
    return input;
  }
  const auto id = [&] {
    return once_in(random, 4) ? static_cast<std::uint32_t>(odd_number(random))
                              : static_cast<std::uint32_t>(pick(random, spec.vocab.size() + 2));
  };
  switch (pick(random, 8)) {
    case 0:
      spec.merges.push_back({id(), id()});
      break;
    case 1:
      if (!spec.merges.empty()) spec.merges[pick(random, spec.merges.size())].left = id();
      break;
    case 2:
      mutate_vocab(spec.vocab, random);
      break;
    case 3:
      spec.vocab.push_back(
          std::string(pick(random, 40), static_cast<char>('a' + pick(random, 26))));
      break;
    case 4: {
      AddedToken token{id(),
                       std::string(spec.vocab[id()]),
                       once_in(random, 2),
                       once_in(random, 2),
                       once_in(random, 2),
                       once_in(random, 2),
                       once_in(random, 2)};
      token.content += once_in(random, 2) ? "<x>" : "";
      spec.added.push_back(std::move(token));
      break;
    }
    case 5:
      if (!spec.added.empty()) spec.added[pick(random, spec.added.size())].id = id();
      break;
    case 6:
      mutate_steps(spec.steps, random);
      break;
    default:
      spec.nfc = !spec.nfc;
      spec.bos_from_template.push_back(id());
      break;
  }
  const auto bytes = serialize_tokenizer(spec);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

constinit const Harness kTokenizerJson{"tokenizer_json", run_json,
                                       [](const std::string& text, Random& random) {
                                         return mutate_json_text(text, kJsonKeys, random);
                                       }};
constinit const Harness kCompactTokenizer{"compact_tokenizer", run_compact, mutate_compact};
constinit const Harness kGgufTokenizer{"gguf_tokenizer", run_gguf};

}  // namespace cellm::fuzz
