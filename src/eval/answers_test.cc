#include "eval/answers.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "engine/session.h"
#include "eval/report.h"
#include "eval/test_models.h"

namespace cellm {
namespace {

using test::byte_tokenizer;
using test::TestModel;

const EvalProgress kNoProgress = [](std::size_t, std::size_t) {};

std::vector<Question> some_questions() {
  return parse_questions(
      "{\"question\": \"a?\", \"answer\": \"x\", \"kind\": \"k\"}\n"
      "{\"question\": \"How much is it?\", \"answer\": \"y\"}\n"
      "{\"question\": \"c\", \"reply\": \"z\", \"kind\": \"k\"}",
      "f");
}

// A model without a chat format continues "Question: ...\nAnswer:"; each token has the largest
// logit of a session of its own, up to the end of the line or the limit.
TEST(Answers, AreTheGreedyTokensOfASession) {
  const TestModel model("llama");
  const auto engine = model.engine();
  const Tokenizer tokenizer = byte_tokenizer();
  const auto questions = some_questions();
  AnswerOptions options;
  options.tokens = 24;
  options.together = 2;
  const AnswerEvaluation found = evaluate_answers({engine.get(), KvEncoding::kF32}, tokenizer,
                                                  questions, options, {}, kNoProgress);
  ASSERT_EQ(found.answers.size(), 3U);
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    Session session(*engine, {KvEncoding::kF32, 16, 0});
    std::vector<std::uint32_t> pending =
        tokenizer.encode("Question: " + questions[i].question + "\nAnswer:", false);
    std::vector<std::uint32_t> ids;
    while (ids.size() < options.tokens) {
      const auto logits = session.advance(pending);
      std::uint32_t best = 0;
      for (std::uint32_t id = 0; id < 256; ++id) {
        if (logits[id] > logits[best]) best = id;
      }
      pending = {best};
      ids.push_back(best);
      if (best == '\n') break;
    }
    EXPECT_EQ(found.answers[i].tokens, ids.size()) << i;
    EXPECT_EQ(found.answers[i].whole, ids.back() == '\n') << i;
    EXPECT_FALSE(found.answers[i].looping) << i;  // needs 96 tokens
    tokens += ids.size();
  }
  EXPECT_EQ(found.tokens, tokens);
  const auto again = evaluate_answers({model.engine(Activations::kF32, 1).get(), KvEncoding::kF32},
                                      tokenizer, questions, {.tokens = 24}, {}, kNoProgress);
  for (std::size_t i = 0; i < questions.size(); ++i)
    EXPECT_EQ(again.answers[i].text, found.answers[i].text);
}

// A random model of this size repeats itself before long.
TEST(Answers, LoopWhereTheGuardFindsALoop) {
  const TestModel model("llama");
  const auto engine = model.engine();
  const AnswerEvaluation found =
      evaluate_answers({engine.get(), KvEncoding::kF32}, byte_tokenizer(), some_questions(),
                       {.tokens = 600}, {}, kNoProgress);
  for (const GivenAnswer& answer : found.answers) {
    if (answer.looping) {
      EXPECT_GE(answer.tokens, 96U);
      EXPECT_LT(answer.tokens, 600U);
      EXPECT_FALSE(answer.whole);
    }
  }
  EXPECT_GT(found.looping.value, 0.0);
}

TEST(Answers, AQuestionThatDoesNotFitIsNamed) {
  const TestModel model("qwen3");
  const auto engine = model.engine();
  const std::string long_text(engine->config().max_positions, 'a');
  const auto questions =
      parse_questions("{\"question\": \"a\", \"answer\": \"b\"}\n{\"question\": \"" + long_text +
                          "\", \"answer\": \"b\"}",
                      "f");
  expect_error(ErrorKind::kUsage, "f: line 2: ", [&] {
    evaluate_answers({engine.get(), KvEncoding::kF32}, byte_tokenizer(), questions, {}, {},
                     kNoProgress);
  });
}

TEST(Distinct, CountsSpansOfAllTexts) {
  const std::vector<std::vector<std::uint32_t>> texts{{1, 2, 3}, {1, 2, 4}, {}, {7}};
  EXPECT_DOUBLE_EQ(distinct_of_all(texts, 1), 5.0 / 7.0);
  EXPECT_DOUBLE_EQ(distinct_of_all(texts, 2), 3.0 / 7.0);  // 12 23 24
  EXPECT_DOUBLE_EQ(distinct_of_all(texts, 3), 2.0 / 7.0);
  EXPECT_TRUE(std::isnan(distinct_of_all({}, 1)));
}

TEST(RightOfReference, CountsWhereTheReferenceIsRight) {
  std::vector<bool> right;
  std::vector<bool> reference;
  for (int i = 0; i < 40; ++i) {
    reference.push_back(i < 20);         // the first half
    right.push_back(i < 15 || i >= 30);  // of them three quarters
  }
  const Estimate share = right_of_reference(right, reference, {});
  EXPECT_DOUBLE_EQ(share.value, 0.75);
  EXPECT_LT(share.low, 0.65);
  EXPECT_GT(share.low, 0.45);
  EXPECT_GT(share.high, 0.85);
  EXPECT_LT(share.high, 1.0);
  const std::vector<bool> none(40, false);
  EXPECT_TRUE(std::isnan(right_of_reference(right, none, {}).value));
  EXPECT_TRUE(std::isnan(right_of_reference(right, none, {}).low));
  EXPECT_DOUBLE_EQ(right_of_reference(reference, reference, {}).value, 1.0);
}

TEST(AnswersAsJson, HaveAllFigures) {
  const auto questions = some_questions();
  AnswerEvaluation evaluation;
  evaluation.answers = {
      {"x", 1, true, false, true}, {"", 96, false, true, false}, {"z", 3, true, false, true}};
  evaluation.tokens = 100;
  evaluation.right.value = 2.0 / 3.0;
  evaluation.distinct = {0.5, 0.75, NAN};
  const auto json = to_json(evaluation, questions, Estimate{0.5, 0.25, 0.75});
  EXPECT_EQ(json.at("questions"), 3);
  EXPECT_EQ(json.at("right"), 2.0 / 3.0);
  EXPECT_TRUE(json.at("intervals").at("right").is_null());
  EXPECT_EQ(json.at("intervals").at("right_of_reference").dump(), "[0.25,0.75]");
  EXPECT_EQ(json.at("distinct2"), 0.75);
  EXPECT_EQ(json.at("kinds").at("k").dump(), R"({"questions":2,"right":2})");
  EXPECT_EQ(json.at("kinds").at("").at("right"), 0);
  EXPECT_EQ(json.at("items").size(), 3U);
  EXPECT_EQ(json.at("items").at(1).at("looping"), true);
  EXPECT_FALSE(to_json(evaluation, questions).contains("right_of_reference"));
}

}  // namespace
}  // namespace cellm
