#include "engine/logprobs.h"

#include <cmath>

#include <gtest/gtest.h>

namespace cellm {
namespace {

// Logits ln 1, ln 2, ln 4, ln 1, up to a constant: probabilities 1/8, 1/4, 1/2, 1/8.
const std::vector<float> kLogits{5.0F, 5.0F + std::log(2.0F), 5.0F + std::log(4.0F), 5.0F};

TEST(Logprobs, AreThoseOfTheSoftmax) {
  const TokenLogprobs token = token_logprobs(kLogits, 1, 3, {});
  EXPECT_EQ(token.chosen.id, 1U);
  EXPECT_NEAR(token.chosen.logprob, std::log(0.25), 1e-6);
  ASSERT_EQ(token.top.size(), 3U);
  EXPECT_EQ(token.top[0].id, 2U);
  EXPECT_NEAR(token.top[0].logprob, std::log(0.5), 1e-6);
  EXPECT_EQ(token.top[1].id, 1U);
  EXPECT_EQ(token.top[2].id, 0U);  // the lower id of equals
  EXPECT_NEAR(token.top[2].logprob, std::log(0.125), 1e-6);
}

TEST(Logprobs, LargeLogitsDoNotOverflow) {
  const std::vector<float> logits{900.0F, 900.0F, -900.0F};
  EXPECT_NEAR(token_logprobs(logits, 0, 0, {}).chosen.logprob, std::log(0.5), 1e-6);
  EXPECT_NEAR(token_logprobs(logits, 2, 0, {}).chosen.logprob, -1800.0 + std::log(0.5), 1e-3);
}

TEST(Logprobs, RowsWithoutATokenAreNoAlternatives) {
  const std::vector<std::uint32_t> unusable{2, 9};
  const TokenLogprobs token = token_logprobs(kLogits, 0, 9, unusable);
  ASSERT_EQ(token.top.size(), 3U);
  EXPECT_EQ(token.top[0].id, 1U);
  EXPECT_NEAR(token.top[0].logprob, std::log(0.25), 1e-6);
  EXPECT_TRUE(token_logprobs(kLogits, 0, 0, {}).top.empty());
}

}  // namespace
}  // namespace cellm
