#include "engine/answer_text.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/test_files.h"
#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;
using Stops = std::vector<std::string>;

// The 256 bytes, and some pieces: hello is 259, xSTOPy 261, a control token 262.
const Tokenizer& tokenizer() {
  static const Tokenizer made = [] {
    Json document = test::small_json();
    document["model"]["vocab"]["xSTOPy"] = 261;
    document["added_tokens"].push_back(test::added_token(262, "<|end|>", true));
    return test::make_tokenizer(document);
  }();
  return made;
}

Ids bytes(std::string_view text) {
  Ids ids;
  for (const char byte : text) ids.push_back(static_cast<unsigned char>(byte));
  return ids;
}

struct Outcome {
  std::string text;
  std::size_t tokens = 0;  // pushed
  bool stopped = false;
  bool operator==(const Outcome&) const = default;
};

// Pushes ids up to a stop string, and holds the text to what has been shown.
Outcome run(const Ids& ids, const Stops& stops) {
  AnswerText answer(tokenizer(), stops);
  Outcome outcome;
  std::string shown;
  for (const std::uint32_t id : ids) {
    answer.push(id);
    ++outcome.tokens;
    EXPECT_TRUE(answer.certain().starts_with(shown)) << shown;
    shown = answer.certain();
    if (answer.stopped()) break;
  }
  answer.finish();
  EXPECT_TRUE(answer.certain().starts_with(shown)) << shown;
  outcome.text = answer.certain();
  outcome.stopped = answer.stopped();
  return outcome;
}

TEST(AnswerText, EndsBeforeTheStopString) {
  EXPECT_EQ(run(bytes("one STOP two"), {"STOP"}), (Outcome{"one ", 8, true}));
  EXPECT_EQ(run(bytes("one STO"), {"STOP"}), (Outcome{"one STO", 7, false}));
  EXPECT_EQ(run(bytes("STOP"), {"STOP"}), (Outcome{"", 4, true}));
  EXPECT_EQ(run(bytes("abc"), {}), (Outcome{"abc", 3, false}));
  // Overlapping itself, and one that begins again within itself.
  EXPECT_EQ(run(bytes("aab"), {"ab"}), (Outcome{"a", 3, true}));
  EXPECT_EQ(run(bytes("ababac"), {"abac"}), (Outcome{"ab", 6, true}));
}

// The first to be complete, and the longest of those that end together.
TEST(AnswerText, OneOfSeveralStopStringsIsEnough) {
  EXPECT_EQ(run(bytes("one two"), {"two", "ne"}), (Outcome{"o", 3, true}));
  EXPECT_EQ(run(bytes("xabcd"), {"abcd", "bc"}), (Outcome{"xa", 4, true}));
  EXPECT_EQ(run(bytes("xabc"), {"bc", "abc"}), (Outcome{"x", 4, true}));
}

TEST(AnswerText, HoldsBackWhatMayBeginAStopString) {
  AnswerText answer(tokenizer(), Stops{"\nUser:", "\n\n"});
  const auto after = [&](std::string_view text) {
    for (const std::uint32_t id : bytes(text)) answer.push(id);
    return answer.certain();
  };
  EXPECT_EQ(after("Hi"), "Hi");
  EXPECT_EQ(after("\n"), "Hi");
  EXPECT_EQ(after("Use"), "Hi");
  EXPECT_EQ(after("d"), "Hi\nUsed");
  EXPECT_EQ(after("\nUser"), "Hi\nUsed");
  answer.finish();
  EXPECT_EQ(answer.certain(), "Hi\nUsed\nUser");
  EXPECT_FALSE(answer.stopped());
}

TEST(AnswerText, StopStringsEndInsideOfTokensAndSpanThem) {
  EXPECT_EQ(run({'a', 261, 'b'}, {"STOP"}), (Outcome{"ax", 2, true}));
  EXPECT_EQ(run({'a', 261, 'b'}, {"axS"}), (Outcome{"", 2, true}));
  EXPECT_EQ(run({'a', 259, 261}, {"oxSTOP"}), (Outcome{"ahell", 3, true}));
  EXPECT_EQ(run({'a', 259, 261}, {"yz"}), (Outcome{"ahelloxSTOPy", 3, false}));
  // A control token has no text and does not come between.
  EXPECT_EQ(run({'S', 'T', 262, 'O', 'P'}, {"STOP"}), (Outcome{"", 5, true}));
}

TEST(AnswerText, CharactersInSeveralTokens) {
  // é is C3 A9, è C3 A8: a part of a character is never shown and never compared.
  EXPECT_EQ(run(bytes("caf\u00e9!"), {"\u00e9"}), (Outcome{"caf", 5, true}));
  EXPECT_EQ(run(bytes("caf\u00e8!"), {"\u00e9"}), (Outcome{"caf\u00e8!", 6, false}));
  EXPECT_EQ(run(bytes("a\u20acb"), {"\u20acb"}), (Outcome{"a", 5, true}));
  AnswerText answer(tokenizer(), Stops{"\u20acx"});
  for (const std::uint32_t id : bytes("a\xE2\x82")) answer.push(id);
  EXPECT_EQ(answer.certain(), "a");
  answer.finish();
  EXPECT_EQ(answer.certain(), "a\uFFFD");
}

// The text up to the stop string is found without any tokens.
TEST(AnswerText, TokensMakeNoDifference) {
  std::mt19937 random(3);
  const std::vector<std::pair<std::uint32_t, std::string>> pieces{
      {'h', "h"},  {'e', "e"},  {'l', "l"},   {'o', "o"},
      {256, "he"}, {257, "ll"}, {258, "llo"}, {259, "hello"}};  // fmt: skip
  std::size_t stopped = 0;
  for (int round = 0; round < 2000; ++round) {
    Ids ids;
    std::string text;
    for (int i = 0; i < 12; ++i) {
      const auto& [id, piece] = pieces[random() % pieces.size()];
      ids.push_back(id);
      text += piece;
    }
    Stops stops(1 + random() % 3);
    for (std::string& stop : stops) {
      const std::size_t begin = random() % 20;
      stop = ("hellohehellloleh" + text).substr(begin, 2 + random() % 6);
    }
    // The end of the first to be complete, and its beginning.
    std::size_t end = std::string::npos;
    std::size_t begin = text.size();
    for (const std::string& stop : stops) {
      const std::size_t at = text.find(stop);
      if (at == std::string::npos || at + stop.size() > end) continue;
      begin = at + stop.size() == end ? std::min(begin, at) : at;
      end = at + stop.size();
    }
    const Outcome outcome = run(ids, stops);
    ASSERT_EQ(outcome.text, text.substr(0, begin)) << text;
    ASSERT_EQ(outcome.stopped, end != std::string::npos);
    stopped += outcome.stopped ? 1 : 0;
  }
  EXPECT_GT(stopped, 500U);
  EXPECT_LT(stopped, 2000U);
}

TEST(AnswerText, SpellsTheControlTokensThatItIsTold) {
  const auto text_of = [](const Stops& stops, const Ids& spelled) {
    AnswerText text(tokenizer(), stops, spelled);
    for (const std::uint32_t id : Ids{'a', 262, 'b'}) {
      if (!text.stopped()) text.push(id);
    }
    text.finish();
    return std::string(text.certain());
  };
  EXPECT_EQ(text_of({}, {}), "ab");
  EXPECT_EQ(text_of({}, {262}), "a<|end|>b");
  EXPECT_EQ(text_of({"<|en"}, {262}), "a");
  EXPECT_EQ(text_of({"<|en"}, {}), "ab");
}

TEST(AnswerText, RefusesStopStringsThatCannotBe) {
  const auto refuse = [](const Stops& stops, std::string_view part) {
    expect_error(ErrorKind::kUsage, part, [&] { AnswerText(tokenizer(), stops); });
  };
  refuse({"a", ""}, "a stop string is empty");
  refuse({"\xC3"}, "not UTF-8");
  refuse({std::string(kMaxStopStringBytes + 1, 'a')}, "longer than 4096");
  refuse(Stops(kMaxStopStrings + 1, "a"), "65 stop strings");
}

}  // namespace
}  // namespace cellm
