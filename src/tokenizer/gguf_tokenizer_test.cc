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
  for (const char* pre : {"gpt-2", "llama-bpe", "qwen2", "qwen35", "smollm"}) {
    GgufTokenizer gguf = small_gguf();
    gguf.pre = pre;
    gguf.bos_id = 3;
    EXPECT_EQ(load_tokenizer(gguf, "a.gguf").encode("ab", true), std::vector<std::uint32_t>{2});
  }
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
  refused(gguf, ErrorKind::kUnsupported, "\"tekken\", cellm has gpt-2, llama-bpe, qwen2");
  gguf = small_gguf();
  gguf.token_types[2] = 6;
  refused(gguf, ErrorKind::kUnsupported, "token 2 is 6");
  gguf.token_types.pop_back();
  refused(gguf, ErrorKind::kData, "token_type 6");
  gguf = small_gguf();
  gguf.merges.emplace_back("a c");
  refused(gguf, ErrorKind::kData, "merge 1");
  gguf.merges.back() = std::string("a");
  refused(gguf, ErrorKind::kData, "expected two pieces");
  gguf = small_gguf();
  gguf.tokens[1] = std::string("a");
  refused(gguf, ErrorKind::kData, "same piece");
  gguf = small_gguf();
  gguf.tokens[1] = std::string("\xFF");
  gguf.merges.clear();
  refused(gguf, ErrorKind::kData, "not valid UTF-8");
  gguf.tokens.clear();
  gguf.token_types.clear();
  refused(gguf, ErrorKind::kData, "vocabulary");
}

}  // namespace
}  // namespace cellm
