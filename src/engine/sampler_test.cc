#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/test_files.h"

namespace cellm {
namespace {

const std::vector<float> kLogits{1.0F, 3.0F, -2.0F, 2.5F, 3.0F};

SamplerOptions plain(float temperature) {
  SamplerOptions options;
  options.temperature = temperature;
  options.top_k = 0;
  options.repeat_penalty = 1.0F;
  return options;
}

std::map<std::uint32_t, int> draw(const SamplerOptions& options, int count) {
  Sampler sampler(options, {});
  std::map<std::uint32_t, int> drawn;
  for (int i = 0; i < count; ++i) ++drawn[sampler.sample(kLogits, {})];
  return drawn;
}

TEST(Sampler, GreedyTakesTheLowestIdOfTheLargest) {
  EXPECT_EQ(Sampler(plain(0.0F), {}).sample(kLogits, {}), 1U);
  EXPECT_EQ(Sampler(plain(0.0F), {1, 4}).sample(kLogits, {}), 3U);  // unusable ids are never chosen
}

TEST(Sampler, DrawsWithTheProbabilitiesOfTheSoftmax) {
  const int count = 20000;
  const auto drawn = draw(plain(0.7F), count);
  double total = 0;
  for (const float logit : kLogits) total += std::exp(static_cast<double>(logit) / 0.7);
  for (std::uint32_t id = 0; id < kLogits.size(); ++id) {
    const double p = std::exp(static_cast<double>(kLogits[id]) / 0.7) / total;
    const double sigma = std::sqrt(count * p * (1 - p));
    EXPECT_NEAR(drawn.contains(id) ? drawn.at(id) : 0, count * p, 5 * sigma + 1) << id;
  }
}

TEST(Sampler, TopKTopPAndMinPCut) {
  auto options = plain(1.0F);
  options.top_k = 2;
  for (const auto& [id, times] : draw(options, 2000)) EXPECT_TRUE(id == 1 || id == 4);
  options = plain(1.0F);
  options.top_p = 0.3F;  // the first has 0.37
  EXPECT_EQ(draw(options, 500).size(), 1U);
  options = plain(1.0F);
  options.min_p = 0.5F;  // e^(2.5 − 3) = 0.61 stays, e^(1 − 3) = 0.14 goes
  EXPECT_EQ(draw(options, 2000).size(), 3U);
}

// The temperature comes last, and top-p before min-p: each would keep other tokens otherwise.
TEST(Sampler, FiltersSeeProbabilitiesWithoutTheTemperature) {
  const std::vector<float> logits{std::log(0.5F), std::log(0.3F), std::log(0.15F), std::log(0.05F)};
  const auto kept = [&](SamplerOptions options) {
    Sampler sampler(options, {});
    std::set<std::uint32_t> ids;
    for (int i = 0; i < 2000; ++i) ids.insert(sampler.sample(logits, {}));
    return ids.size();
  };
  for (const float temperature : {0.7F, 10.0F}) {
    auto options = plain(temperature);
    options.top_p = 0.79F;  // 0.5 + 0.3 reaches it; at temperature 10 three tokens would be needed
    EXPECT_EQ(kept(options), 2U);
    options = plain(temperature);
    options.min_p = 0.4F;  // 0.3 / 0.5 stays, 0.15 / 0.5 goes
    EXPECT_EQ(kept(options), 2U);
    options.top_p = 0.9F;  // three of all four; of the two that min-p keeps both
    EXPECT_EQ(kept(options), 2U);
    options.min_p = 0.2F;
    EXPECT_EQ(kept(options), 3U);
  }
}

// Only candidates that may be drawn are sorted; the ids are those of a full sort.
TEST(Sampler, DrawsFromALargeVocabularyAsIfAllWereSorted) {
  std::mt19937 noise(3);
  std::normal_distribution<float> normal(0.0F, 1.0F);
  std::vector<float> logits(5000);
  for (float& logit : logits) logit = normal(noise);
  std::vector<std::uint32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return logits[a] > logits[b]; });
  const auto sums_of = [&](double temperature) {
    std::vector<double> sums;
    for (const std::uint32_t id : order)
      sums.push_back((sums.empty() ? 0.0 : sums.back()) +
                     std::exp(static_cast<double>(logits[id] - logits[order[0]]) / temperature));
    return sums;
  };
  for (const float top_p : {1.0F, 0.95F, 0.2F}) {
    auto options = plain(1.3F);
    options.top_p = top_p;
    options.seed = 5;
    Sampler sampler(options, {});
    std::mt19937_64 random(5);
    for (int draws = 0; draws < 300; ++draws) {
      // Top-p sees probabilities without the temperature.
      const std::vector<double> plain_sums = sums_of(1.0);
      const std::vector<double> sums = sums_of(1.3);
      const double limit = static_cast<double>(top_p) * plain_sums.back();
      const auto kept = std::lower_bound(plain_sums.begin(), plain_sums.end() - 1, limit);
      const auto last = sums.begin() + (kept - plain_sums.begin());
      const double at = static_cast<double>(random() >> 11) * 0x1p-53 * *last;
      const auto chosen = std::upper_bound(sums.begin(), last, at);
      ASSERT_EQ(sampler.sample(logits, {}), order[static_cast<std::size_t>(chosen - sums.begin())]);
    }
  }
}

TEST(Sampler, TheSameSeedGivesTheSameTokens) {
  auto options = plain(1.0F);
  options.seed = 42;
  Sampler first(options, {});
  Sampler second(options, {});
  options.seed = 43;
  Sampler other(options, {});
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto id = first.sample(kLogits, {});
    EXPECT_EQ(id, second.sample(kLogits, {}));
    differs = differs || id != other.sample(kLogits, {});
  }
  EXPECT_TRUE(differs);
}

TEST(Sampler, PenaltyMakesRecentTokensLessLikely) {
  auto options = plain(0.0F);
  options.repeat_penalty = 1.5F;
  options.repeat_window = 2;
  Sampler sampler(options, {});
  const std::vector<std::uint32_t> history{1, 4, 4};
  EXPECT_EQ(sampler.sample(kLogits, history), 1U);  // 4 is in the window, 1 is not
  options.repeat_window = 3;
  EXPECT_EQ(Sampler(options, {}).sample(kLogits, history), 3U);
  const std::vector<float> negative{-1.0F, -1.2F};
  EXPECT_EQ(Sampler(options, {}).sample(negative, std::vector<std::uint32_t>{0}), 1U);
}

TEST(Sampler, BiasesAndForbiddenTokens) {
  auto options = plain(0.0F);
  options.logit_bias = {{2, 6.0F}, {1, -std::numeric_limits<float>::infinity()}};
  Sampler sampler(options, {});
  EXPECT_EQ(sampler.sample(kLogits, {}), 2U);  // 4 against 3
  EXPECT_EQ(sampler.sample(kLogits, {}, std::vector<std::uint32_t>{2}), 4U);
  EXPECT_EQ(sampler.sample(kLogits, {}), 2U);
  options.logit_bias = {{5, 1.0F}};
  expect_error(ErrorKind::kUsage, "the logit bias of token 5 is beyond the vocabulary of 5",
               [&] { Sampler(options, {}).sample(kLogits, {}); });
  for (const float temperature : {0.0F, 1.0F}) {
    expect_error(ErrorKind::kUsage, "no token is left", [&] {
      Sampler(plain(temperature), {0, 1, 2, 3, 4}).sample(kLogits, {});
    });
  }
}

TEST(Sampler, PresenceAndFrequencyWithinTheWindow) {
  auto options = plain(0.0F);
  options.repeat_window = 3;
  options.presence_penalty = 0.6F;  // 2.4 is less than 2.5
  EXPECT_EQ(Sampler(options, {}).sample(kLogits, std::vector<std::uint32_t>{1, 4, 0}), 3U);
  EXPECT_EQ(Sampler(options, {}).sample(kLogits, std::vector<std::uint32_t>{1, 0, 0, 4}), 1U);
  options.presence_penalty = 0.0F;
  options.frequency_penalty = 0.4F;  // twice is too much
  options.repeat_window = 4;
  EXPECT_EQ(Sampler(options, {}).sample(kLogits, std::vector<std::uint32_t>{4, 1, 4, 1}), 3U);
  EXPECT_EQ(Sampler(options, {}).sample(kLogits, std::vector<std::uint32_t>{4, 1}), 1U);
}

// The chance of a token with each filter alone, by the softmax of what the filter leaves.
TEST(Sampler, FiltersLeaveTheRatiosOfTheRest) {
  const auto expect_only = [](const SamplerOptions& options,
                              const std::vector<std::uint32_t>& ids) {
    const int count = 4000;
    const auto drawn = draw(options, count);
    double total = 0;
    for (const std::uint32_t id : ids) {
      total += std::exp(static_cast<double>(kLogits[id] / options.temperature));
    }
    int all = 0;
    for (const std::uint32_t id : ids) {
      const double p = std::exp(static_cast<double>(kLogits[id] / options.temperature)) / total;
      const int times = drawn.contains(id) ? drawn.at(id) : 0;
      EXPECT_NEAR(times, count * p, 5 * std::sqrt(count * p * (1 - p)) + 1) << id;
      all += times;
    }
    EXPECT_EQ(all, count);
  };
  // Mean 1.5, σ = 1.897: from 2.05 on.
  auto options = plain(2.0F);
  options.top_n_sigma = 0.5F;
  expect_only(options, {1, 3, 4});
  // Probabilities 0.364, 0.364, 0.221, 0.049, 0.002, entropy 1.232; distances 0.22 of 1 and 4,
  // 0.28 of 3.
  options = plain(2.0F);
  options.typical_p = 0.7F;
  expect_only(options, {1, 4});
  options.typical_p = 0.8F;
  expect_only(options, {1, 3, 4});
  // 1, 4 and 3 are top choices, of which 3 stays; with two candidates, 4.
  options = plain(2.0F);
  options.xtc_probability = 1.0F;
  expect_only(options, {0, 2, 3});
  options.top_k = 2;
  expect_only(options, {4});
  options.xtc_threshold = 0.6F;
  expect_only(options, {1, 4});
}

TEST(Sampler, XtcHappensAsOftenAsItIsTold) {
  auto options = plain(1.0F);
  options.top_k = 2;
  options.xtc_probability = 0.25F;
  const int count = 8000;
  // Half of the time without it 1 is drawn.
  EXPECT_NEAR(draw(options, count)[1], 0.75 * 0.5 * count, 5 * std::sqrt(0.375 * 0.625 * count));
}

TEST(Sampler, DryMakesRepetitionsUnlikely) {
  auto options = plain(0.0F);
  options.dry.multiplier = 0.8F;
  const std::vector<std::uint32_t> history{0, 2, 1, 3, 0, 2};
  EXPECT_EQ(Sampler(options, {}).sample(kLogits, history), 4U);
  options.dry.multiplier = 0.0F;
  Sampler sampler(options, {});
  EXPECT_EQ(sampler.sample(kLogits, history), 1U);
  sampler.switch_on_dry();
  EXPECT_EQ(sampler.sample(kLogits, history), 4U);
}

TEST(Sampler, RefusesWhatMakesNoSense) {
  for (auto change :
       {+[](SamplerOptions& o) { o.temperature = -1.0F; },
        +[](SamplerOptions& o) { o.top_p = 0.0F; }, +[](SamplerOptions& o) { o.min_p = 1.0F; },
        +[](SamplerOptions& o) { o.repeat_penalty = 0.0F; },
        +[](SamplerOptions& o) { o.presence_penalty = std::numeric_limits<float>::infinity(); },
        +[](SamplerOptions& o) { o.top_n_sigma = -1.0F; },
        +[](SamplerOptions& o) { o.typical_p = 0.0F; },
        +[](SamplerOptions& o) { o.xtc_probability = 1.5F; },
        +[](SamplerOptions& o) { o.xtc_threshold = 0.0F; },
        +[](SamplerOptions& o) { o.dry.multiplier = -1.0F; }}) {
    auto options = plain(1.0F);
    change(options);
    EXPECT_THROW(Sampler(options, {}), Error);
  }
  for (auto field : {&SamplerOptions::temperature, &SamplerOptions::top_p, &SamplerOptions::min_p,
                     &SamplerOptions::frequency_penalty, &SamplerOptions::typical_p}) {
    auto options = plain(1.0F);
    options.*field = std::nanf("");
    expect_error(ErrorKind::kUsage, "is not a number", [&] { Sampler(options, {}); });
  }
}

}  // namespace
}  // namespace cellm
