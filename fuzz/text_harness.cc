// Harnesses for tokenized text and for the regular expressions of pre-tokenizers.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/utf8.h"
#include "harness.h"
#include "io/json.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/regex.h"
#include "tokenizer/stream_decoder.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokenizer_json.h"

namespace cellm::fuzz {
namespace {

// Qwen's pattern from its tokenizer.json.
constexpr const char* kQwenPattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
    R"(\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

struct Variant {
  Tokenizer tokenizer;
  bool restores;  // decode(encode(text)) == text; otherwise its normal form
};

Json added(std::size_t id, const char* content, const char* option) {
  Json token = {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
                {"rstrip", false}, {"normalized", false}, {"special", false}};
  token[option] = true;
  return token;
}

// The first merges of SmolLM2's tokenizer under four sets of rules.
std::vector<Variant> make_variants() {
  const std::string path = std::string(CELLM_FUZZ_DATA) + "/small.tokenizer.json";
  const Json small = parse_json(read_file(path, kMaxFileBytes), path);
  const std::size_t end = small.at("model").at("vocab").size();
  std::vector<Variant> variants;
  const auto add = [&](const Json& document, bool restores) {
    variants.push_back({Tokenizer(read_tokenizer_json(document.dump(), path), path), restores});
  };
  add(small, true);

  Json qwen = small;
  qwen["normalizer"] = {{"type", "NFC"}};
  Json split = {{"type", "Split"},
                {"pattern", {{"Regex", kQwenPattern}}},
                {"behavior", "Isolated"},
                {"invert", false}};
  const Json bytes = {{"type", "ByteLevel"},
                      {"add_prefix_space", false},
                      {"trim_offsets", false},
                      {"use_regex", false}};
  qwen["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}};
  qwen["added_tokens"] = {added(end, "<|im_start|>", "special"), added(end + 1, "<left>", "lstrip"),
                          added(end + 2, "<right>", "rstrip"),
                          added(end + 3, "word", "single_word"),
                          added(end + 4, "e\xCC\x81", "normalized")};
  add(qwen, false);

  Json llama = small;
  llama["model"]["ignore_merges"] = true;
  split["behavior"] = "MergedWithNext";
  split["pattern"] = {{"String", " "}};
  llama["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}};
  llama["added_tokens"] = qwen["added_tokens"];
  add(llama, true);

  Json removed = small;
  split["behavior"] = "MergedWithPrevious";
  Json contiguous = split;
  contiguous["behavior"] = "Contiguous";
  contiguous["pattern"] = {{"Regex", "[a-f]"}};
  removed["pre_tokenizer"] = {
      {"type", "Sequence"},
      {"pretokenizers",
       {split, contiguous, {{"type", "Digits"}, {"individual_digits", false}}, bytes}}};
  add(removed, true);
  return variants;
}

std::string stream(const Tokenizer& tokenizer, const std::vector<std::uint32_t>& ids, bool skip) {
  StreamDecoder decoder(tokenizer, skip);
  std::string text;
  for (const std::uint32_t id : ids) text += decoder.push(id);
  return text + decoder.finish();
}

// The first byte selects rules; the rest is a text, and also read as 16-bit ids.
void run_text(Bytes input) {
  static const std::vector<Variant> variants = make_variants();
  if (input.empty()) return;
  const Variant& variant = variants[input[0] % variants.size()];
  const Tokenizer& tokenizer = variant.tokenizer;
  const bool skip = (input[0] & 0x80) != 0;
  const Bytes rest = input.subspan(1);

  std::vector<std::uint32_t> wild;
  for (std::size_t i = 0; i + 1 < rest.size(); i += 2) {
    const std::uint32_t id = rest[i] | static_cast<std::uint32_t>(rest[i + 1]) << 8;
    wild.push_back(id % static_cast<std::uint32_t>(tokenizer.vocab_size()));
  }
  const std::string decoded = tokenizer.decode(wild, skip);
  require(find_invalid_utf8(decoded) == std::string::npos, "a decoded text is UTF-8");
  require(stream(tokenizer, wild, skip) == decoded, "pieces of a stream are the whole text");

  const std::string_view text = text_of(rest);
  const std::vector<std::uint32_t> ids = tokenizer.encode(text, false);  // throws for invalid UTF-8
  require(std::none_of(ids.begin(), ids.end(), [&](auto id) { return tokenizer.is_special(id); }),
          "plain text has no special token");
  const std::string again = tokenizer.decode(ids, false);
  if (variant.restores) {
    require(again == text, "decoding restores the text");
  } else {
    require(tokenizer.decode(tokenizer.encode(again, false), false) == again,
            "a normal form stays what it is");
  }
  for (const std::uint32_t id : tokenizer.encode(text, true)) {
    require(tokenizer.contains(id), "an id is in the vocabulary");
  }
}

// The first byte is the length of the pattern; a text follows.
void run_pattern(Bytes input) {
  if (input.empty()) return;
  const std::size_t length = std::min<std::size_t>(input[0], input.size() - 1);
  const std::string_view pattern = text_of(input.subspan(1, length));
  if (find_invalid_utf8(pattern) != std::string_view::npos)
    return;  // refused before it is compiled
  std::string text;
  append_lossy_utf8(text, text_of(input.subspan(1 + length)), true);

  const Regex regex(pattern, "input");
  const RegexScratchPtr scratch = make_regex_scratch();
  std::vector<TextRange> matches;
  regex.find_all(text, *scratch, matches);
  std::size_t end = 0;
  for (const TextRange& match : matches) {
    require(match.begin >= end && match.begin <= match.end && match.end <= text.size(),
            "matches follow each other inside of the text");
    end = match.end;
  }
  const auto behavior = static_cast<SplitBehavior>(input[0] % 5);
  const std::vector<PreTokenizerStep> steps{
      SplitStep{std::string(pattern), input[0] % 3 != 0, behavior, input[0] % 2 == 0},
      ByteLevelStep{input[0] % 7 == 0, input[0] % 11 == 0}};
  const PreTokenizer splitter(steps, "input");
  PreTokenizerScratch room;
  std::string spaced;
  std::vector<TextRange> words;
  const std::string_view lies_in = splitter.split(text, room, spaced, words);
  end = 0;
  for (const TextRange& word : words) {
    require(word.begin >= end && word.begin < word.end && word.end <= lies_in.size(),
            "words follow each other inside of the text");
    end = word.end;
  }
}

}  // namespace

constinit const Harness kTokenizerText{"tokenizer_text", run_text};
constinit const Harness kPattern{"pattern", run_pattern};

}  // namespace cellm::fuzz
