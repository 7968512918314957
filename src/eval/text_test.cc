#include "eval/text.h"

#include <gtest/gtest.h>

#include "base/test_files.h"
#include "eval/test_models.h"

namespace cellm {
namespace {

using test::byte_tokenizer;

TEST(EvalText, IsReadWholeOrRefused) {
  const TestFolder folder;
  const EvalText text = read_eval_text(folder.write("good.txt", "naïve\r\ntext"));
  EXPECT_EQ(text.text, "naïve\r\ntext");
  EXPECT_EQ(text.name, (folder.path() / "good.txt").string());
  expect_error(ErrorKind::kData, "empty.txt: the file is empty",
               [&] { read_eval_text(folder.write("empty.txt", "")); });
  expect_error(ErrorKind::kData, "bad.txt: byte 2 (0xff) is not valid UTF-8", [&] {
    read_eval_text(folder.write("bad.txt",
                                "ab\xff"
                                "c"));
  });
  expect_error(ErrorKind::kData, "cut.txt: byte 1 (0xc3) is not valid UTF-8",
               [&] { read_eval_text(folder.write("cut.txt", "a\xc3")); });
  expect_error(ErrorKind::kData, "none.txt", [&] { read_eval_text(folder.path() / "none.txt"); });
}

TEST(EvalText, ChecksumIsThatOfTheBytesInOrder) {
  // XXH3-64 of no bytes and of "abc", as xxhsum -H3 prints them.
  EXPECT_EQ(text_checksum({}), 0x2d06800538d394c2U);
  const std::vector<EvalText> whole{{"x", "abc"}};
  const std::vector<EvalText> parts{{"x", "a"}, {"y", "bc"}};
  EXPECT_EQ(text_checksum(whole), 0x78af5f94892f3950U);
  EXPECT_EQ(text_checksum(parts), text_checksum(whole));
}

TEST(EvalText, TokensBeginWithTheTemplates) {
  const Tokenizer tokenizer = byte_tokenizer("", {{"a", "b"}}, true);
  const EvalTokens tokens = tokenize_text({"name", "abc <begin>"}, tokenizer);
  EXPECT_EQ(tokens.name, "name");
  EXPECT_EQ(tokens.begin_tokens, 1U);
  ASSERT_GE(tokens.ids.size(), 3U);
  EXPECT_EQ(tokens.ids[0], 257U);
  EXPECT_EQ(tokens.ids[1], 256U);
  // A control token spelled in the text is text.
  EXPECT_EQ(std::count(tokens.ids.begin(), tokens.ids.end(), 257U), 1);
}

TEST(EvalText, ATextThatLosesBytesIsRefused) {
  const Tokenizer tokenizer = byte_tokenizer("x\xa9");
  expect_error(ErrorKind::kData, "f.txt: byte 2 (0x78): the tokenizer has no token for it", [&] {
    tokenize_text({"f.txt", "abx"}, tokenizer);
  });
  expect_error(ErrorKind::kData, "f.txt: byte 1 (0xa9): the tokenizer has no token for it", [&] {
    tokenize_text({"f.txt", "éab"}, tokenizer);
  });
  EXPECT_EQ(tokenize_text({"f.txt", "abc"}, tokenizer).ids.size(), 3U);
}

TEST(EvalText, ATextMayBeNormalizedOrGetASpace) {
  TokenizerSpec spec = byte_tokenizer().spec();
  spec.nfc = true;
  std::get<ByteLevelStep>(spec.steps.back()).add_prefix_space = true;
  const Tokenizer tokenizer(spec, "test");
  EXPECT_EQ(tokenize_text({"f", "e\u0301"}, tokenizer).ids.size(), 3U);
  EXPECT_EQ(tokenize_text({"f", " a"}, tokenizer).ids.size(), 2U);
}

TEST(EvalText, TokenizersMustAgree) {
  const std::vector<EvalText> texts{{"f.txt", "xxab"}};
  const Tokenizer plain = byte_tokenizer("", {{"c", "d"}});
  require_same_tokenizer(plain, byte_tokenizer("", {{"c", "d"}}), texts, "r");
  require_same_tokenizer(plain, byte_tokenizer("", {{"c", "e"}}), texts,
                         "r");  // gives the same ids
  expect_error(ErrorKind::kUsage, "r: the reference's tokenizer has 256 ids, the model's 257",
               [&] { require_same_tokenizer(plain, byte_tokenizer(), texts, "r"); });
  expect_error(
      ErrorKind::kUsage,
      "r: the reference's tokenizer gives f.txt other tokens than the model's, from token 2", [&] {
        require_same_tokenizer(plain, byte_tokenizer("", {{"a", "b"}}), texts, "r");
      });
  expect_error(ErrorKind::kUsage, "puts other tokens before a text",
               [&] { require_same_tokenizer(plain, byte_tokenizer("", {}, true), texts, "r"); });
}

}  // namespace
}  // namespace cellm
