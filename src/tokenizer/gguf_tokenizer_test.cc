#include "tokenizer/gguf_tokenizer.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

using test::thrown_by;

GgufTokenizer small_gguf() {
  GgufTokenizer gguf;
  gguf.model = std::string("gpt2");
  gguf.pre = std::string("gpt-2");
  gguf.tokens = {"a", "b", "ab", "<end>", "<tool>", "[PAD5]", "[PAD5]"};
  gguf.token_types = {1, 1, 1, 3, 4, 5, 5};
  gguf.merges = {"a b"};
  return gguf;
}

TEST(GgufTokenizer, ReadsTokenTypes) {
  const Tokenizer tokenizer = load_tokenizer(small_gguf(), "a.gguf");
  EXPECT_EQ(tokenizer.encode("ab<end><tool>", true), (std::vector<std::uint32_t>{2, 3, 4}));
  EXPECT_TRUE(tokenizer.is_special(3));
  EXPECT_FALSE(tokenizer.is_special(4));
  EXPECT_FALSE(tokenizer.contains(5));
  EXPECT_EQ(tokenizer.token_to_id("[PAD5]"), std::nullopt);
}

TEST(GgufTokenizer, KnowsItsPreTokenizers) {
  for (const char* pre : {"default", "gpt-2", "llama-bpe", "llama3", "llama-v3", "qwen2",
                          "deepseek-r1-qwen", "qwen35", "smollm"}) {
    GgufTokenizer gguf = small_gguf();
    gguf.pre = pre;
    gguf.bos_id = 3;
    EXPECT_EQ(load_tokenizer(gguf, "a.gguf").encode("ab", true), std::vector<std::uint32_t>{2});
  }
}

// llama.cpp's splits: runs of punctuation, then words, then digits in threes from the left.
TEST(GgufTokenizer, SplitsByDefaultAsLlamaCpp) {
  GgufTokenizer gguf;
  gguf.model = "gpt2";
  gguf.pre = "default";
  gguf.tokens = {"1", "2", ".", "\u0120", "12", "\u01201", "..", "\u0120.", "a", "a."};
  gguf.token_types.assign(gguf.tokens.size(), 1);
  gguf.merges = {"1 2", "\u0120 1", ". .", "\u0120 .", "a ."};
  const Tokenizer tokenizer = load_tokenizer(gguf, "a.gguf");
  const auto ids = [&](std::string_view text) { return tokenizer.encode(text, true); };
  using Ids = std::vector<std::uint32_t>;
  EXPECT_EQ(ids("12"), Ids{4});
  EXPECT_EQ(ids(" 1"), (Ids{3, 0}));          // the space is split off
  EXPECT_EQ(ids("1112"), (Ids{0, 0, 0, 1}));  // 111, 2
  EXPECT_EQ(ids("a ..a"), (Ids{8, 3, 6, 8}));
  gguf.pre = "gpt-2";
  EXPECT_EQ(load_tokenizer(gguf, "a.gguf").encode(" 1", true), Ids{5});
}

TEST(GgufTokenizer, FindsTheLastOfEqualTokens) {
  GgufTokenizer gguf = small_gguf();
  gguf.tokens.insert(gguf.tokens.end(), {"ab", "<end>", "<end>"});
  gguf.token_types.insert(gguf.token_types.end(), {1, 3, 1});
  const Tokenizer tokenizer = load_tokenizer(gguf, "a.gguf");
  EXPECT_EQ(tokenizer.encode("ab<end>", true), (std::vector<std::uint32_t>{7, 8}));
  EXPECT_EQ(tokenizer.token_to_id("<end>"), 8U);
  EXPECT_TRUE(tokenizer.has_repeats());
  EXPECT_FALSE(load_tokenizer(small_gguf(), "a.gguf").has_repeats());
  for (const std::uint32_t id : {2U, 7U}) EXPECT_EQ(tokenizer.token_bytes(id), "ab");
  for (const std::uint32_t id : {3U, 8U, 9U}) EXPECT_EQ(tokenizer.token_bytes(id), "<end>");
  for (const std::uint32_t id : {3U, 8U}) EXPECT_TRUE(tokenizer.is_special(id));
  EXPECT_EQ(load_tokenizer(gguf, "a.gguf").encode("ab<end>", true),
            Tokenizer(tokenizer.spec(), "copy").encode("ab<end>", true));
}

TEST(GgufTokenizer, AddsABeginningWhereTheModelWantsOne) {
  const auto bos = [](const GgufTokenizer& gguf) {
    return load_tokenizer(gguf, "a.gguf").bos_from_template();
  };
  GgufTokenizer gguf = small_gguf();
  gguf.bos_id = 3;
  EXPECT_TRUE(bos(gguf).empty());
  gguf.add_bos = true;
  EXPECT_EQ(bos(gguf), std::vector<std::uint32_t>{3});
  gguf.bos_id = 5;  // an unused id
  EXPECT_EQ(thrown_by([&] { bos(gguf); }).kind, ErrorKind::kData);
  gguf.bos_id = 3;
  gguf.pre = "llama-bpe";
  gguf.add_bos = std::nullopt;
  EXPECT_EQ(bos(gguf), std::vector<std::uint32_t>{3});
  gguf.add_bos = false;
  EXPECT_TRUE(bos(gguf).empty());
}

TEST(GgufTokenizer, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const GgufTokenizer& gguf, ErrorKind kind, const std::string& words) {
    const auto error = thrown_by([&] { load_tokenizer(gguf, "a.gguf"); });
    EXPECT_EQ(error.kind, kind);
    EXPECT_NE(error.message.find(words), std::string::npos) << error.message;
  };
  GgufTokenizer gguf = small_gguf();
  gguf.model = std::string("llama");
  refused(gguf, ErrorKind::kUnsupported, "tokenizer.ggml.model is \"llama\"");
  gguf = small_gguf();
  gguf.pre = std::string("tekken");
  refused(gguf, ErrorKind::kUnsupported, "\"tekken\", cellm has default, gpt-2, llama-bpe");
  refused(gguf, ErrorKind::kUnsupported, "give the model's tokenizer.json with --tokenizer");
  gguf = small_gguf();
  gguf.token_types[2] = 6;
  refused(gguf, ErrorKind::kUnsupported, "token 2 is 6");
  gguf.token_types.pop_back();
  refused(gguf, ErrorKind::kData, "token_type 6");
  gguf = small_gguf();
  gguf.merges.emplace_back("a c");
  refused(gguf, ErrorKind::kData, "merge 1");
  gguf.merges.back() = "a";
  refused(gguf, ErrorKind::kData, "expected two pieces");
  gguf = small_gguf();
  gguf.merges.clear();
  refused(gguf, ErrorKind::kData, "merges is missing");
  gguf = small_gguf();
  gguf.tokens[3] = "\xFF";
  refused(gguf, ErrorKind::kData, "not valid UTF-8");
  gguf = small_gguf();
  gguf.tokens.clear();
  gguf.token_types.clear();
  refused(gguf, ErrorKind::kData, "vocabulary");
}

// Of the published tokenizers: their pre-tokenizer by llama.cpp's name, and the ids of the
// tokenizers library again.
TEST(GgufTokenizer, OfAPublishedTokenizerGivesItsIds) {
  const std::pair<const char*, const char*> names[] = {
      {"qwen3", "qwen2"}, {"qwen3_5", "qwen35"}, {"smollm2", "smollm"}};
  for (const auto& [name, pre] : names) {
    SCOPED_TRACE(name);
    const TokenizerSpec& spec = test::published_tokenizer(name).spec();
    const std::size_t rows = test::published_tokenizer(name).vocab_size() + 3;
    const GgufTokenizer gguf = make_gguf_tokenizer(spec, rows, "model");
    EXPECT_EQ(gguf.pre, pre);
    EXPECT_EQ(gguf.tokens.size(), rows);
    EXPECT_EQ(gguf.tokens.back(), fmt::format("[PAD{}]", rows - 1));
    EXPECT_EQ(gguf.token_types.back(), 5);
    EXPECT_EQ(lost_in_gguf(spec), "");
    const Tokenizer again = load_tokenizer(gguf, "a.gguf");
    EXPECT_TRUE(again.spec().merges == spec.merges);
    EXPECT_TRUE(again.spec().steps == spec.steps);
    EXPECT_EQ(again.spec().nfc, spec.nfc);
    EXPECT_EQ(again.bos_from_template(), spec.bos_from_template);
    for (const auto& vector : test::published_vectors(name)) {
      ASSERT_EQ(again.encode(vector.text, true), vector.ids) << vector.text;
    }
  }
}

TEST(GgufTokenizer, RefusesToWriteWhatGgufCannotSay) {
  TokenizerSpec spec = load_tokenizer(small_gguf(), "a.gguf").spec();
  const auto error_of = [&](std::size_t rows) {
    return thrown_by([&] { make_gguf_tokenizer(spec, rows, "model"); });
  };
  EXPECT_EQ(error_of(4).kind, ErrorKind::kData);  // token 4 has no row
  spec.added.front().lstrip = true;
  EXPECT_NE(lost_in_gguf(spec).find("1 tokens take white space"), std::string::npos);
  spec.bos_from_template = {3, 4};
  EXPECT_EQ(error_of(8).kind, ErrorKind::kUnsupported);
  spec.bos_from_template = {3};
  const GgufTokenizer with_bos = make_gguf_tokenizer(spec, 8, "model");
  EXPECT_EQ(with_bos.bos_id, 3U);
  EXPECT_TRUE(with_bos.add_bos.value_or(false));
  spec.steps.insert(spec.steps.begin(), DigitsStep{false});
  const auto error = error_of(8);
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_NE(error.message.find("names its pre-tokenizer"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace cellm
