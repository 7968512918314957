#include "eval/choices.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/test_files.h"
#include "engine/session.h"
#include "eval/test_models.h"

namespace cellm {
namespace {

using test::byte_tokenizer;
using test::TestModel;

using Ids = std::vector<std::uint32_t>;

const EvalProgress kNoProgress = [](std::size_t, std::size_t) {};

TEST(Choices, AreReadLineByLine) {
  const TestFolder folder;
  const auto items = read_choices(folder.write(
      "quiz.jsonl",
      "{\"context\": \"a\", \"choices\": [\"b\", \"c\"], \"answer\": 1, \"id\": 7}\r\n"
      "\n"
      "{\"context\": \"\", \"choices\": [\" x\", \" y\", \" z\"], \"answer\": \" y\"}"));
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].context, "a");
  EXPECT_EQ(items[0].choices, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(items[0].answer, 1U);
  EXPECT_EQ(items[1].answer, 1U);
  EXPECT_TRUE(items[1].where.ends_with("quiz.jsonl: line 3")) << items[1].where;
}

TEST(Choices, AreReadFromTextAsFromAFile) {
  const auto items =
      parse_choices("\n{\"context\": \"a\", \"choices\": [\"b\", \"c\"], \"answer\": 1}", "f");
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].where, "f: line 2");
  EXPECT_EQ(items[0].answer, 1U);
  expect_error(ErrorKind::kData, "f: line 1: expected an object",
               [&] { parse_choices("[]", "f"); });
  expect_error(ErrorKind::kData, "f: the file has no items", [&] { parse_choices("", "f"); });
}

TEST(Choices, ADamagedLineIsNamed) {
  const TestFolder folder;
  const auto refuse = [&](std::string_view part, const std::string& line) {
    const std::string good = R"({"context": "a", "choices": ["b", "c"], "answer": 0})";
    const auto path = folder.write("quiz.jsonl", good + "\n\n" + line + "\n" + good);
    expect_error(ErrorKind::kData, part, [&] { read_choices(path); });
    expect_error(ErrorKind::kData, "quiz.jsonl: line 3", [&] { read_choices(path); });
  };
  refuse("line 3", "{");
  refuse("line 3", "[]");
  refuse("context", R"({"choices": ["b", "c"], "answer": 0})");
  refuse("context", R"({"context": 1, "choices": ["b", "c"], "answer": 0})");
  refuse("choices", R"({"context": "a", "answer": 0})");
  refuse("choices: 1 choices, expected at least 2",
         R"({"context": "a", "choices": ["b"], "answer": 0})");
  refuse("choices: choice 1 is empty", R"({"context": "a", "choices": ["b", ""], "answer": 0})");
  refuse("choices: choice 2 is there twice: \"b\"",
         R"({"context": "a", "choices": ["b", "c", "b"], "answer": 0})");
  refuse("choices[1]", R"({"context": "a", "choices": ["b", 3], "answer": 0})");
  refuse("answer", R"({"context": "a", "choices": ["b", "c"]})");
  refuse("answer", R"({"context": "a", "choices": ["b", "c"], "answer": 2})");
  refuse("answer", R"({"context": "a", "choices": ["b", "c"], "answer": -1})");
  refuse("answer", R"({"context": "a", "choices": ["b", "c"], "answer": 0.5})");
  refuse("answer: \"d\" is not among the choices",
         R"({"context": "a", "choices": ["b", "c"], "answer": "d"})");
  refuse("UTF-8", "{\"context\": \"\xff\", \"choices\": [\"b\", \"c\"], \"answer\": 0}");
  std::string many = R"({"context": "a", "answer": 0, "choices": ["x")";
  for (std::size_t i = 0; i < kMaxChoices; ++i) many += ",\"" + std::to_string(i) + "\"";
  refuse("choices", many + "]}");
  expect_error(ErrorKind::kData, "empty.jsonl: the file has no items",
               [&] { read_choices(folder.write("empty.jsonl", "\n \n")); });
}

ChoiceItem item_of(const std::string& context, std::vector<std::string> choices,
                   std::size_t answer = 0) {
  return {"f.jsonl: line 1", context, std::move(choices), answer};
}

TEST(Choices, SpacesBelongToTheChoice) {
  const Tokenizer tokenizer = byte_tokenizer("", {{" ", "a"}});  // 256: " a"
  const auto tokens = tokenize_choices(item_of("x \n", {"a", " b"}), tokenizer);
  EXPECT_EQ(tokens.context, Ids{'x'});
  EXPECT_EQ(tokens.choices, (std::vector<Ids>{{' ', '\n', 'a'}, {' ', '\n', ' ', 'b'}}));
  const auto inside = tokenize_choices(item_of("x y ", {"a", "b"}), tokenizer);
  EXPECT_EQ(inside.context, (Ids{'x', ' ', 'y'}));
  EXPECT_EQ(inside.choices, (std::vector<Ids>{{256}, {' ', 'b'}}));
}

TEST(Choices, AreCutWhereTheContextAloneEnds) {
  const Tokenizer tokenizer = byte_tokenizer("", {{"a", "b"}});
  // "xab" is x, ab: as many ids as "xa", so b has no token.
  expect_error(ErrorKind::kData, "f.jsonl: line 1: choice 1 \"b\" has no token of its own", [&] {
    tokenize_choices(item_of("xa", {"c", "b"}), tokenizer);
  });
  const auto tokens = tokenize_choices(item_of("xa", {"c", "bc"}), tokenizer);
  EXPECT_EQ(tokens.context, (Ids{'x', 'a'}));
  EXPECT_EQ(tokens.choices, (std::vector<Ids>{{'c'}, {'c'}}));
}

TEST(Choices, AnEmptyContextNeedsABeginning) {
  for (const char* context : {"", "  "}) {
    expect_error(ErrorKind::kData, "f.jsonl: line 1: the context is empty", [&] {
      tokenize_choices(item_of(context, {"a", "b"}), byte_tokenizer());
    });
    const auto tokens =
        tokenize_choices(item_of(context, {"a", "b"}), byte_tokenizer("", {}, true));
    EXPECT_EQ(tokens.context, Ids{256});
    EXPECT_EQ(tokens.choices[0].back(), Ids::value_type{'a'});
    EXPECT_EQ(tokens.choices[0].size(), 1 + std::string(context).size());
  }
}

// ln p of every choice, each run from the start on a separate sequence.
double sum_from_scratch(const Engine& engine, const Ids& context, const Ids& choice) {
  Ids all = context;
  all.insert(all.end(), choice.begin(), choice.end());
  Session session(engine, {KvEncoding::kF32, 16, 0});
  double sum = 0.0;
  session.advance_each(all, [&](std::size_t i, std::span<const float> logits) {
    if (i + 1 < context.size() || i + 1 == all.size()) return;
    long double total = 0.0L;
    for (const float logit : logits) total += std::exp(static_cast<long double>(logit));
    sum += static_cast<double>(static_cast<long double>(logits[all[i + 1]]) - std::log(total));
  });
  return sum;
}

TEST(Choices, ScoresAreThoseOfSequencesOfTheirOwn) {
  std::string longest(200, 'q');  // more than one batch and several blocks of logits
  for (std::size_t i = 0; i < longest.size(); ++i) longest[i] = static_cast<char>('a' + i % 23);
  const std::vector<ChoiceItem> items{
      item_of("Grass is ", {"green", "loud", "o"}, 0),
      item_of(std::string(250, 'c') + longest, {" " + longest, " yes"}, 1),
      item_of("x", {"a", "b", "c", "d"}, 2),
  };
  const Tokenizer tokenizer = byte_tokenizer();
  for (const char* name : {"llama", "qwen3_5_text"}) {  // restoring a recurrent state, too
    const auto engine = TestModel(name).engine();
    const EvalSubject subject{engine.get(), KvEncoding::kF32};
    const auto result = evaluate_choices(subject, tokenizer, items, {}, kNoProgress);
    double right_by_sum = 0.0;
    double right_by_mean = 0.0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const ChoiceTokens tokens = tokenize_choices(items[i], tokenizer);
      std::vector<double> sums;
      std::vector<double> means;
      for (std::size_t c = 0; c < tokens.choices.size(); ++c) {
        const double sum = sum_from_scratch(*engine, tokens.context, tokens.choices[c]);
        EXPECT_EQ(result.scores[i][c].tokens, tokens.choices[c].size());
        EXPECT_NEAR(result.scores[i][c].sum, sum, 1e-5 * (1.0 - sum)) << name << i << c;
        sums.push_back(sum);
        means.push_back(sum / static_cast<double>(tokens.choices[c].size()));
      }
      const auto is_right = [&](const std::vector<double>& values) {
        const auto best = std::max_element(values.begin(), values.end()) - values.begin();
        return static_cast<std::size_t>(best) == items[i].answer ? 1.0 : 0.0;
      };
      right_by_sum += is_right(sums);
      right_by_mean += is_right(means);
    }
    EXPECT_NEAR(result.accuracy_sum.value, right_by_sum / 3.0, 1e-12);
    EXPECT_NEAR(result.accuracy_mean.value, right_by_mean / 3.0, 1e-12);
    EXPECT_NEAR(result.chance, (1.0 / 3.0 + 1.0 / 2.0 + 1.0 / 4.0) / 3.0, 1e-12);
    EXPECT_TRUE(std::isnan(result.accuracy_sum.low));  // of three items
  }
}

// Answers that the model itself gives are all right, others all wrong.
TEST(Choices, AccuracyCountsTheLikeliestChoice) {
  const auto engine = TestModel("llama").engine();
  const EvalSubject subject{engine.get(), KvEncoding::kF32};
  const Tokenizer tokenizer = byte_tokenizer();
  std::vector<ChoiceItem> items;
  for (char c = 'a'; c <= 'p'; ++c) items.push_back(item_of(std::string(3, c), {"x", "y"}));
  const auto first = evaluate_choices(subject, tokenizer, items, {}, kNoProgress);
  for (std::size_t i = 0; i < items.size(); ++i)
    items[i].answer = first.scores[i][1].sum > first.scores[i][0].sum ? 1 : 0;
  const auto right = evaluate_choices(subject, tokenizer, items, {}, kNoProgress);
  EXPECT_EQ(right.accuracy_sum.value, 1.0);
  EXPECT_EQ(right.accuracy_sum.low, 1.0);
  items[3].answer = 1 - items[3].answer;
  const auto one_wrong = evaluate_choices(subject, tokenizer, items, {}, kNoProgress);
  EXPECT_EQ(one_wrong.accuracy_sum.value, 15.0 / 16.0);
  EXPECT_LT(one_wrong.accuracy_sum.low, one_wrong.accuracy_sum.value);
}

TEST(Choices, AnItemMustFit) {
  const auto engine = TestModel("llama_rope_linear").engine();  // context 512, vocabulary 180
  const EvalSubject subject{engine.get(), KvEncoding::kF32};
  const std::vector<ChoiceItem> items{item_of(std::string(500, 'a'), {std::string(13, 'b'), "c"})};
  expect_error(ErrorKind::kData, "f.jsonl: line 1: 513 tokens do not fit into the context of 512",
               [&] { evaluate_choices(subject, byte_tokenizer(), items, {}, kNoProgress); });
}

}  // namespace
}  // namespace cellm
