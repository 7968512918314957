#include "engine/sampler_penalties.h"

#include <map>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;
using Lengths = std::map<std::uint32_t, std::size_t>;

// By hand: 1 / 2 − (2 · 0.25 + 0.5) = −0.5, −2 · 2 − (0.25 + 0.5) = −4.75, 4 / 2 − 0.75 = 1.25.
TEST(SamplerPenalties, RecentTokensPayOncePerKindAndPerOccurrence) {
  std::vector<float> logits{1.0F, -2.0F, 0.5F, 4.0F};
  penalize_recent(logits, Ids{0, 1, 0, 3}, {2.0F, 0.5F, 0.25F});
  EXPECT_EQ(logits, (std::vector<float>{-0.5F, -4.75F, 0.5F, 1.25F}));
  penalize_recent(logits, {}, {2.0F, 0.5F, 0.25F});
  penalize_recent(logits, Ids{0, 1, 2}, {});
  EXPECT_EQ(logits, (std::vector<float>{-0.5F, -4.75F, 0.5F, 1.25F}));
}

Lengths repeats(const Ids& text, std::size_t allowed, std::size_t limit = SIZE_MAX) {
  Lengths result;
  for (const DryRepeat& one : find_repeats(text, allowed, limit)) {
    EXPECT_TRUE(result.emplace(one.id, one.length).second) << one.id;
  }
  return result;
}

// The definition: for each place before the end, how much of what comes before it the text ends
// with.
Lengths slow_repeats(const Ids& text, std::size_t allowed, std::size_t limit) {
  Lengths result;
  for (std::size_t place = 1; place < text.size(); ++place) {
    std::size_t length = 0;
    while (length < place && text[place - 1 - length] == text[text.size() - 1 - length]) ++length;
    length = std::min(length, limit);
    if (length >= allowed) result[text[place]] = std::max(result[text[place]], length);
  }
  return result;
}

TEST(SamplerPenalties, RepeatsAreThoseOfTheDefinition) {
  const Ids text{'a', 'b', 'c', 'c', 'b', 'c', 'y', 'a', 'b', 'c'};
  EXPECT_EQ(repeats(text, 1), (Lengths{{'b', 1}, {'c', 3}, {'y', 2}}));
  EXPECT_EQ(repeats(text, 2), (Lengths{{'c', 3}, {'y', 2}}));
  EXPECT_EQ(repeats(text, 2, 2), (Lengths{{'c', 2}, {'y', 2}}));
  EXPECT_EQ(repeats({}, 1), Lengths());
  EXPECT_EQ(repeats({7}, 1), Lengths());
  std::mt19937 generator(1);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(generator() % n); };
  for (int round = 0; round < 500; ++round) {
    Ids other(below(40));
    for (auto& id : other) id = below(3);
    const std::size_t allowed = 1 + below(3);
    const std::size_t limit = below(2) == 0 ? SIZE_MAX : below(9);
    ASSERT_EQ(repeats(other, allowed, limit), slow_repeats(other, allowed, limit)) << round;
  }
}

std::vector<float> penalized(const DryOptions& options, const Ids& text,
                             const Tokenizer* tokenizer = nullptr) {
  std::vector<float> logits(300, 0.0F);
  DryPenalty(options, tokenizer).apply(logits, text);
  return logits;
}

TEST(SamplerPenalties, DryGrowsWithTheRepetition) {
  const DryOptions options{.multiplier = 0.8F};
  EXPECT_EQ(penalized(options, {1, 2, 9, 2})[9], 0.0F);
  EXPECT_FLOAT_EQ(penalized(options, {1, 2, 9, 1, 2})[9], -0.8F);
  EXPECT_FLOAT_EQ(penalized(options, {1, 2, 3, 9, 5, 1, 2, 3})[9], -0.8F * 1.75F);
  EXPECT_FLOAT_EQ(penalized({.multiplier = 0.5F, .base = 3.0F, .allowed_length = 1},
                            {1, 2, 3, 9, 5, 1, 2, 3})[9],
                  -0.5F * 9.0F);
  // Out of the window, and without a bound.
  EXPECT_EQ(penalized({.multiplier = 0.8F, .window = 5}, {1, 2, 3, 9, 5, 1, 2, 3})[9], 0.0F);
  EXPECT_FLOAT_EQ(penalized({.multiplier = 0.8F, .window = 7}, {1, 2, 3, 9, 5, 1, 2, 3})[9], -0.8F);
  EXPECT_EQ(penalized(options, Ids(3000, 4))[4], -1e30F);
  EXPECT_EQ(penalized({}, Ids(3000, 4))[4], 0.0F);
}

// The tokens of small_json() are bytes, and "hello" is 259.
TEST(SamplerPenalties, DryEndsAtSequenceBreakers) {
  const Tokenizer tokenizer = test::make_tokenizer(test::small_json());
  const auto text = [](std::string_view bytes) {
    Ids ids;
    for (const char byte : bytes) ids.push_back(static_cast<unsigned char>(byte));
    return ids;
  };
  const DryOptions options{.multiplier = 0.8F};
  EXPECT_FLOAT_EQ(penalized(options, text("abcx abc"), &tokenizer)['x'], -0.8F * 1.75F);
  // "a" is before the breaker, so the repetition has two tokens.
  EXPECT_FLOAT_EQ(penalized(options, text("a:bcx a:bc"), &tokenizer)['x'], -0.8F);
  EXPECT_EQ(penalized(options, text("ab:cx ab:c"), &tokenizer)['x'], 0.0F);
  // A breaker itself costs nothing.
  EXPECT_EQ(penalized(options, text("abc: abc"), &tokenizer)[':'], 0.0F);
  // One of two bytes, in two tokens or inside of one.
  const DryOptions longer{.multiplier = 0.8F, .breakers = {"ll"}};
  EXPECT_FLOAT_EQ(penalized(longer, text("labcx labc"), &tokenizer)['x'], -0.8F * 1.75F * 1.75F);
  EXPECT_FLOAT_EQ(penalized(longer, text("allbcx allbc"), &tokenizer)['x'], -0.8F);
  Ids whole = text("a?bcx a?bc");
  for (auto& id : whole) id = id == '?' ? 259 : id;
  EXPECT_FLOAT_EQ(penalized(longer, whole, &tokenizer)['x'], -0.8F);
  EXPECT_FLOAT_EQ(penalized(longer, whole)['x'], -0.8F * 1.75F * 1.75F);
}

// A text that grows between the calls is as good as one that is there at once.
TEST(SamplerPenalties, DryFollowsTheText) {
  const Tokenizer tokenizer = test::make_tokenizer(test::small_json());
  const DryOptions options{.multiplier = 0.8F, .breakers = {"ab", "c"}};
  DryPenalty growing(options, &tokenizer);
  std::mt19937 random(2);
  Ids text;
  for (int i = 0; i < 200; ++i) {
    text.push_back('a' + static_cast<std::uint32_t>(random() % 4));
    std::vector<float> logits(300, 0.0F);
    growing.apply(logits, text);
    ASSERT_EQ(logits, penalized(options, text, &tokenizer)) << i;
  }
}

TEST(SamplerPenalties, DryRefusesWhatMakesNoSense) {
  const auto refuse = [](const DryOptions& options, std::string_view part) {
    expect_error(ErrorKind::kUsage, part, [&] { DryPenalty(options, nullptr); });
  };
  refuse({.multiplier = -1.0F}, "multiplier");
  refuse({.multiplier = std::nanf("")}, "multiplier");
  refuse({.multiplier = 1.0F, .base = 0.5F}, "base");
  refuse({.multiplier = 1.0F, .allowed_length = 0}, "allowed length");
  refuse({.multiplier = 1.0F, .breakers = {""}}, "breaker is empty");
  refuse({.multiplier = 1.0F, .breakers = std::vector<std::string>(65, "a")}, "65 sequence");
  refuse({.multiplier = 1.0F, .breakers = {std::string(4097, 'a')}}, "4097 bytes");
}

}  // namespace
}  // namespace cellm
