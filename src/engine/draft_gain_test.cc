#include "engine/draft_gain.h"

#include <gtest/gtest.h>

namespace cellm {
namespace {

// Steps with a draft, which take `seconds` and give `tokens` where one token takes a second.
std::size_t steps_until_pause(DraftGain& gain, std::size_t tokens, double seconds,
                              std::size_t most) {
  std::size_t steps = 0;
  for (; gain.pays() && steps < most; ++steps) gain.add(tokens, seconds, 1.0);
  return steps;
}

std::size_t pause(DraftGain& gain) {
  std::size_t steps = 0;
  for (; !gain.pays(); ++steps) gain.add_plain();
  return steps;
}

TEST(DraftGain, GoesOnWhileItPays) {
  DraftGain gain;
  EXPECT_EQ(steps_until_pause(gain, 2, 1.9, 1000), 1000U);  // 1.0526
}

TEST(DraftGain, PausesLongerEachTimeThatItDoesNotPay) {
  DraftGain gain;
  EXPECT_EQ(steps_until_pause(gain, 2, 1.91, 1000), DraftGain::kFewest);  // 1.047
  EXPECT_EQ(pause(gain), DraftGain::kFirstPause);
  EXPECT_EQ(steps_until_pause(gain, 1, 1.5, 1000), DraftGain::kFewest);
  EXPECT_EQ(pause(gain), 2 * DraftGain::kFirstPause);
  for (int i = 0; i < 10; ++i) {
    steps_until_pause(gain, 1, 1.5, 1000);
    EXPECT_LE(pause(gain), DraftGain::kLongestPause);
  }
  steps_until_pause(gain, 1, 1.5, 1000);
  EXPECT_EQ(pause(gain), DraftGain::kLongestPause);
  // A window that pays is a new beginning.
  EXPECT_EQ(steps_until_pause(gain, 3, 1.5, DraftGain::kWindow), DraftGain::kWindow);
  steps_until_pause(gain, 1, 1.5, 1000);
  EXPECT_EQ(pause(gain), DraftGain::kFirstPause);
}

// Of the latest steps only.
TEST(DraftGain, ForgetsWhatIsLongAgo) {
  DraftGain gain;
  steps_until_pause(gain, 8, 2.0, 500);
  EXPECT_LE(steps_until_pause(gain, 1, 2.0, 500), DraftGain::kWindow);
}

TEST(PlainSteps, AreMeasuredForEachNumberOfAnswersAndAgainAfterAWhile) {
  PlainSteps steps;
  EXPECT_FALSE(steps.seconds(1));
  steps.add_drafted(1);
  EXPECT_FALSE(steps.seconds(1));
  steps.add(1, 2.0);
  EXPECT_EQ(steps.seconds(1), 2.0);
  EXPECT_FALSE(steps.seconds(2));
  for (std::size_t i = 0; i < PlainSteps::kFresh; ++i) {
    EXPECT_TRUE(steps.seconds(1));
    steps.add_drafted(1);
  }
  EXPECT_FALSE(steps.seconds(1));
  steps.add(1, 3.0);
  EXPECT_GT(steps.seconds(1), 2.0);
  EXPECT_LT(steps.seconds(1), 3.0);
}

}  // namespace
}  // namespace cellm
