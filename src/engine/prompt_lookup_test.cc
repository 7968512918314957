#include "engine/prompt_lookup.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;

Ids draft(const Ids& text, std::size_t most) {
  PromptLookup lookup;
  const auto ids = lookup.draft(text, most);
  return {ids.begin(), ids.end()};
}

TEST(PromptLookup, ContinuesTheLongestMatch) {
  EXPECT_EQ(draft({1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4}, 9),
            (Ids{5, 6, 7, 1}));  // as long as the match
  EXPECT_EQ(draft({1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4}, 2), (Ids{5, 6}));
  EXPECT_EQ(draft({9, 1, 2, 3, 7, 8, 1, 2, 3, 6, 9, 1, 2, 3}, 2), (Ids{7, 8}));  // the longer one
  EXPECT_EQ(draft({9, 1, 2, 3, 7, 8, 1, 2, 3, 6, 5, 1, 2, 3}, 2), (Ids{6, 5}));  // the later one
}

TEST(PromptLookup, RepeatsAPeriod) {
  EXPECT_EQ(draft({5, 1, 2, 1, 2, 1, 2}, 9), (Ids{1, 2, 1, 2}));
  EXPECT_EQ(draft({7, 7, 7, 7, 7}, 3), (Ids{7, 7, 7}));
}

TEST(PromptLookup, SaysNothingWithoutAMatch) {
  EXPECT_TRUE(draft({}, 9).empty());
  EXPECT_TRUE(draft({1, 1, 1}, 9).empty());
  EXPECT_TRUE(draft({1, 2, 3, 4, 2, 3}, 9).empty());  // two tokens alone
  EXPECT_TRUE(draft({1, 2, 3, 4, 1, 2, 3}, 0).empty());
}

// The definition in the header, without an index.
Ids slow_draft(const Ids& text, std::size_t most) {
  std::size_t best = 0;
  std::size_t best_end = 0;
  for (std::size_t end = text.size(); end-- > 1;) {
    std::size_t tokens = 0;
    while (tokens < std::min(end, PromptLookup::kLongestMatch) &&
           text[end - 1 - tokens] == text[text.size() - 1 - tokens]) {
      ++tokens;
    }
    if (tokens > best) {
      best = tokens;
      best_end = end;
    }
  }
  Ids result;
  if (best < PromptLookup::kShortestMatch) return result;
  while (result.size() < std::min(best, most)) {
    const std::size_t at = best_end + result.size();
    result.push_back(at < text.size() ? text[at] : result[at - text.size()]);
  }
  return result;
}

TEST(PromptLookup, FindsWhatASearchFindsWhileTheTextGrows) {
  std::mt19937 random(1);
  std::size_t drafts = 0;
  for (const std::uint32_t alphabet : {6U, 9U, 30U}) {
    PromptLookup lookup;
    Ids text;
    for (int piece = 0; piece < 60; ++piece) {
      const std::size_t more = 1 + random() % 4;
      for (std::size_t i = 0; i < more; ++i) {
        const bool repeats = text.size() > 20 && random() % 4 != 0;
        text.push_back(repeats ? text[text.size() - 17]
                               : static_cast<std::uint32_t>(random() % alphabet));
      }
      const auto got = lookup.draft(text, 16);
      EXPECT_EQ(Ids(got.begin(), got.end()), slow_draft(text, 16));
      if (!got.empty()) ++drafts;
    }
  }
  EXPECT_GT(drafts, 30U);
}

}  // namespace
}  // namespace cellm
