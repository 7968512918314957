#include "eval/questions.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/test_files.h"

namespace cellm {
namespace {

Question question(std::vector<std::string> answers) {
  return {"f: line 1", "", "?", "", std::move(answers)};
}

TEST(Questions, AreReadLineByLine) {
  const TestFolder folder;
  const auto path =
      folder.write("q.jsonl",
                   "{\"question\": \"a?\", \"answer\": \"b\", \"kind\": \"k\", \"id\": 7}\r\n"
                   "\n"
                   "{\"question\": \"c?\", \"answer\": [\"d\", \"e f\"]}\n"
                   "{\"question\": \"g?\", \"answer\": 3, \"reply\": \"h.\"}");
  const auto questions = read_questions(path);
  ASSERT_EQ(questions.size(), 3U);
  EXPECT_EQ(questions[0].question, "a?");
  EXPECT_EQ(questions[0].kind, "k");
  EXPECT_EQ(questions[0].answers, std::vector<std::string>{"b"});
  EXPECT_EQ(questions[1].answers, (std::vector<std::string>{"d", "e f"}));
  EXPECT_EQ(questions[1].kind, "");
  EXPECT_TRUE(questions[1].where.ends_with("q.jsonl: line 3")) << questions[1].where;
  EXPECT_EQ(questions[2].reply, "h.");  // its answer counts no more
}

TEST(Questions, ADamagedLineIsNamed) {
  const auto refuse = [](std::string_view part, const std::string& line) {
    const std::string text = "{\"question\": \"a\", \"answer\": \"b\"}\n" + line;
    expect_error(ErrorKind::kData, part, [&] { parse_questions(text, "f"); });
    expect_error(ErrorKind::kData, "f: line 2", [&] { parse_questions(text, "f"); });
  };
  refuse("line 2", "{");
  refuse("expected an object", "[]");
  refuse("question", R"({"answer": "b"})");
  refuse("question: the text is empty", R"({"question": " ", "answer": "b"})");
  refuse("answer", R"({"question": "a"})");
  refuse("answer", R"({"question": "a", "answer": 3})");
  refuse("answer: the text is empty", R"({"question": "a", "answer": ""})");
  refuse("answer: there is no answer", R"({"question": "a", "answer": []})");
  refuse("answer[1]", R"({"question": "a", "answer": ["b", null]})");
  refuse("reply", R"({"question": "a", "answer": "b", "reply": 3})");
  refuse("kind", R"({"question": "a", "answer": "b", "kind": {}})");
  refuse("UTF-8", "{\"question\": \"\xff\", \"answer\": \"b\"}");
  std::string many = R"({"question": "a", "answer": ["x")";
  for (std::size_t i = 0; i < kMaxChoices; ++i) many += ",\"x\"";
  refuse("answer", many + "]}");
  expect_error(ErrorKind::kData, "f: the file has no items", [] { parse_questions("\n", "f"); });
}

TEST(Right, IsAReplyWordForWord) {
  Question asked = question({});
  asked.reply = "3 plus 4 is 7.";
  EXPECT_TRUE(is_right(asked, "3 plus 4 is 7."));
  EXPECT_TRUE(is_right(asked, "\n 3 plus 4 is 7. "));
  EXPECT_FALSE(is_right(asked, "3 plus 4 is 7"));
  EXPECT_FALSE(is_right(asked, "3 Plus 4 is 7."));
  EXPECT_FALSE(is_right(asked, "3 plus 4 is 7. Yes."));
  EXPECT_FALSE(is_right(asked, ""));
}

TEST(Right, IsAWholeWordInTheAnswer) {
  const Question asked = question({"Paris", "South America"});
  for (const char* text :
       {"Paris", "It is paris.", "**PARIS**", "“Paris”", "(Paris)", "in\nParis\n",
        "Comparison: Paris", "It lies in south america, I think"}) {
    EXPECT_TRUE(is_right(asked, text)) << text;
  }
  for (const char* text : {"", "Parisian", "Comparison", "éParis", "Parisé", "Paris_", "Par is",
                           "South  America", "London"}) {
    EXPECT_FALSE(is_right(asked, text)) << text;
  }
}

TEST(Right, IsAWholeNumberInTheAnswer) {
  const Question asked = question({"19", "nineteen"});
  for (const char* text :
       {"19", "19.", "12 + 7 = 19", "12+7=19", "**19**", "$19", "€19", "(19)",
        "the numbers 12, 7, 19", "19, I think", "26-7 → 19", "It is Nineteen!", "190 or 19"}) {
    EXPECT_TRUE(is_right(asked, text)) << text;
  }
  for (const char* text : {"", "119", "190", "1.19", "19.5", "1,190", "19,000", "-19", "= −19",
                           "7,19", "x19", "19th", "1 9"}) {
    EXPECT_FALSE(is_right(asked, text)) << text;
  }
}

// 100 sums, recomputed from their numbers, and 100 facts.
TEST(DefaultQuestions, HaveTheirAnswers) {
  const auto questions = read_questions(kDefaultQuestions);
  EXPECT_EQ(questions.size(), 200U);
  std::map<std::string, std::size_t> kinds;
  std::set<std::string> different;
  for (const Question& asked : questions) {
    ++kinds[asked.kind];
    different.insert(asked.question);
    EXPECT_TRUE(is_right(asked, asked.answers.front())) << asked.question;
    EXPECT_FALSE(is_right(asked, asked.question)) << asked.question;
    std::vector<int> numbers;
    for (std::size_t at = 0; at < asked.question.size(); ++at) {
      if (asked.question[at] < '0' || asked.question[at] > '9') continue;
      std::size_t length = 0;
      numbers.push_back(std::stoi(asked.question.substr(at), &length));
      at += length;
    }
    if (numbers.empty()) continue;
    const int a = numbers.front();
    const int b = numbers.back();
    const int result = asked.kind == "addition"         ? a + b
                       : asked.kind == "subtraction"    ? std::max(a, b) - std::min(a, b)
                       : asked.kind == "multiplication" ? a * b
                       : asked.kind == "division"       ? std::max(a, b) / std::min(a, b)
                                                        : a + 1;
    EXPECT_EQ(asked.answers.front(), std::to_string(result)) << asked.question;
  }
  EXPECT_EQ(different.size(), 200U);
  EXPECT_EQ(kinds["addition"] + kinds["subtraction"] + kinds["multiplication"] + kinds["division"] +
                kinds["next_number"],
            100U);
}

}  // namespace
}  // namespace cellm
