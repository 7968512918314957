#include "tune/own_text.h"

#include <set>

#include <gtest/gtest.h>

#include "base/error.h"
#include "eval/test_models.h"

namespace cellm {
namespace {

std::vector<std::vector<std::uint32_t>> write(unsigned threads, std::uint64_t seed,
                                              std::size_t count) {
  const auto engine = test::TestModel("llama").engine(Activations::kF32, threads);
  std::size_t last = 0;
  auto text = own_text(*engine, test::byte_tokenizer(), count, 64, seed,
                       [&](std::size_t done, std::size_t total) {
                         EXPECT_LE(last, done);
                         EXPECT_LE(done, total);
                         last = done;
                       });
  EXPECT_GT(last, 0U);
  return text;
}

TEST(OwnText, IsThatOfItsSeedForAnyNumberOfThreads) {
  const auto text = write(1, 7, 40);
  ASSERT_EQ(text.size(), 40U);
  for (const auto& sequence : text) {
    EXPECT_GE(sequence.size(), 2U);
    EXPECT_LE(sequence.size(), 64U);
    for (const std::uint32_t id : sequence) EXPECT_LT(id, 256U);  // ids without a token never come
  }
  EXPECT_EQ(write(3, 7, 40), text);
  EXPECT_NE(write(3, 8, 40), text);
  // Different openings, and not one text again and again.
  EXPECT_EQ(std::set(text.begin(), text.end()).size(), text.size());
}

TEST(OwnText, NeedsRoomForItsOpening) {
  const auto engine = test::TestModel("llama").engine();
  EXPECT_THROW(own_text(*engine, test::byte_tokenizer(), 300, 8, 1, [](auto, auto) {}), Error);
}

TEST(OwnAnswers, AreConversationsInTheModelsFormat) {
  const Engine engine(open_model(CELLM_TESTDATA "/../models/cellm-tiny"), EngineOptions());
  const Tokenizer* tokenizer = engine.opened().tokenizer();
  ASSERT_NE(tokenizer, nullptr);
  std::size_t last = 0;
  const auto answers = own_answers(engine, *tokenizer, *engine.opened().chat(), 3, 200, 5,
                                   [&](std::size_t done, std::size_t total) {
                                     EXPECT_LE(last, done);
                                     EXPECT_LE(done, total);
                                     last = done;
                                   });
  ASSERT_EQ(answers.size(), 3U);
  for (const auto& sequence : answers) EXPECT_EQ(sequence.size(), 200U);
  const std::string text = tokenizer->decode(answers.front(), false);
  EXPECT_TRUE(text.starts_with("<|im_start|>user\n")) << text;
  // Answers that are whole, and the next request after them.
  EXPECT_NE(text.find(".<|im_end|>\n<|im_start|>user\n"), std::string::npos) << text;
}

TEST(OwnText, BeginsWithLinesOfText) {
  for (const std::string_view text : {kOpenings, kRequests}) {
    EXPECT_TRUE(text.ends_with('\n'));
    EXPECT_EQ(text.find("\n\n"), std::string_view::npos);
    EXPECT_EQ(text.find('\r'), std::string_view::npos);
  }
}

}  // namespace
}  // namespace cellm
