#include "engine/loop_guard.h"

#include <cstdlib>
#include <filesystem>
#include <random>
#include <span>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::uint32_t>;

const fs::path kProject = fs::path(CELLM_TESTDATA).parent_path();

// Tokens up to the one with which the text loops, 0 if it does not.
std::size_t loops_after(const Ids& ids) {
  LoopGuard guard;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (guard.push(ids[i])) return i + 1;
  }
  return 0;
}

// The definition, for the end of the text.
bool ends_in_loop(std::span<const std::uint32_t> ids) {
  for (std::size_t period = 1; period <= kLoopLongestPeriod; ++period) {
    const std::size_t tokens = loop_tokens(period);
    if (tokens > ids.size()) return false;
    bool same = true;
    for (std::size_t i = ids.size() - tokens + period; i < ids.size(); ++i) {
      same = same && ids[i] == ids[i - period];
    }
    if (same) return true;
  }
  return false;
}

Ids distinct(std::size_t count, std::uint32_t first) {
  Ids ids(count);
  for (std::size_t i = 0; i < count; ++i) ids[i] = first + static_cast<std::uint32_t>(i);
  return ids;
}

TEST(LoopGuard, FiresAtTheGivenLengthOfEachPeriod) {
  EXPECT_EQ(loop_tokens(1), 96U);
  EXPECT_EQ(loop_tokens(20), 96U);
  EXPECT_EQ(loop_tokens(32), 128U);
  for (const std::size_t period : {1U, 2U, 3U, 17U, 32U, 100U, 511U, 512U, 513U}) {
    Ids ids = distinct(700, 10'000);
    for (std::size_t i = 0; i < 5 * kLoopLongestPeriod; ++i) {
      ids.push_back(static_cast<std::uint32_t>(i % period));
    }
    const std::size_t want = period <= kLoopLongestPeriod ? 700 + loop_tokens(period) : 0;
    EXPECT_EQ(loops_after(ids), want) << period;
  }
}

TEST(LoopGuard, IsTheDefinitionOnAnyText) {
  std::mt19937 generator(5);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(generator() % n); };
  std::size_t loops = 0;
  for (int round = 0; round < 60; ++round) {
    Ids ids;
    while (ids.size() < 600) {
      // A span of the text once more, some times over, then something else.
      const std::size_t period = 1 + below(40);
      const std::size_t times = 1 + below(8);
      for (std::size_t i = 0; i < period; ++i) ids.push_back(below(3));
      for (std::size_t i = 0; i < period * times; ++i) ids.push_back(ids[ids.size() - period]);
    }
    LoopGuard guard;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const bool want = ends_in_loop(std::span<const std::uint32_t>(ids).first(i + 1));
      ASSERT_EQ(guard.push(ids[i]), want) << round << " " << i;
      loops += want ? 1 : 0;
    }
  }
  EXPECT_GT(loops, 500U);
}

TEST(LoopGuard, BeginsAgain) {
  LoopGuard guard;
  std::size_t tokens = 0;
  while (!guard.push(1)) ++tokens;
  EXPECT_EQ(tokens, 95U);
  guard.reset();
  tokens = 0;
  while (!guard.push(1)) ++tokens;
  EXPECT_EQ(tokens, 95U);
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

// Repetitions that are good: a ruled line, a wide table, a matrix of zeros, a list of one word
// over, a round with its refrain, code of equal lines.
std::vector<std::string> good_texts() {
  return {
      "Title\n" + std::string(80, '=') + "\n\nText\n" + std::string(80, '-') + "\n",
      "|" + repeated(" column |", 12) + "\n|" + repeated("---|", 12) + "\n" +
          repeated("|" + repeated(" 0 |", 12) + "\n", 3),
      "m = [\n" + repeated("    [0, 0, 0, 0],\n", 4) + "]\n",
      repeated("- [ ] milk\n- [ ] bread\n- [ ] butter\n", 3),
      repeated("Row, row, row your boat,\nGently down the stream,\nMerrily, merrily, merrily, "
               "merrily,\nLife is but a dream.\n\n",
               3),
      "Happy birthday to you,\nhappy birthday to you,\nhappy birthday, dear reader,\nhappy "
      "birthday "
      "to you.\n",
      "switch (c) {\n" + repeated("  case 0:\n    break;\n", 6) + "}\n",
      "ha" + repeated(" ha", 30) + "! " + repeated("no, ", 20) + "never.",
  };
}

// Texts that people wrote, with tables, code and lists among them.
std::vector<fs::path> long_texts() {
  std::vector<fs::path> paths;
  for (const char* name : {"README.md", "CHANGELOG.md", "docs/cli.md", "docs/architecture.md",
                           "src/convert/text/calibration.txt", "testdata/tiny_eval/story.txt",
                           "src/engine/session_file.cc", "src/base/limits.h"}) {
    paths.push_back(kProject / name);
  }
  // More text where there is a folder with some.
  const fs::path shared = kProject.parent_path() / "shared" / "data";
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(shared, ignored)) paths.push_back(entry.path());
  return paths;
}

class GoodText : public testing::TestWithParam<const char*> {};

TEST_P(GoodText, IsNoLoop) {
  const Tokenizer& tokenizer = test::published_tokenizer(GetParam());
  for (const std::string& text : good_texts()) {
    EXPECT_EQ(loops_after(tokenizer.encode(text, false)), 0U) << text;
  }
  for (const fs::path& path : long_texts()) {
    const std::string text = file_bytes(path);
    ASSERT_FALSE(text.empty()) << path;
    EXPECT_EQ(loops_after(tokenizer.encode(text, false)), 0U) << path;
  }
}

// Loops such as small models produce.
TEST_P(GoodText, LoopsAreFoundWithinAHundredTokensOrThreeRepetitions) {
  const Tokenizer& tokenizer = test::published_tokenizer(GetParam());
  const std::string before = "The answer is as follows. ";
  const std::size_t begin = tokenizer.encode(before, false).size();
  for (const std::string span :
       {" the", " very very", " I am not sure.", "\n- The first step is to check the file.",
        " Paris is also famous for its fashion, fashion, and fashion trends."}) {
    const std::size_t period = tokenizer.encode(span, false).size();
    const std::size_t found = loops_after(tokenizer.encode(before + repeated(span, 100), false));
    ASSERT_NE(found, 0U) << span;
    EXPECT_LE(found, begin + 100 + period) << span;
  }
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, GoodText, testing::Values("smollm2", "qwen3", "qwen3_5"));

}  // namespace
}  // namespace cellm
