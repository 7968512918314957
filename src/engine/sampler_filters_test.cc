#include "engine/sampler_filters.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

namespace cellm {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Ids = std::vector<std::uint32_t>;

Ids ids_of(const std::vector<Candidate>& candidates) {
  Ids ids;
  for (const Candidate& one : candidates) ids.push_back(one.id);
  return ids;
}

// Candidates with these probabilities, up to a common factor.
std::vector<Candidate> with_probabilities(const std::vector<double>& p) {
  std::vector<Candidate> candidates;
  for (const double one : p) {
    candidates.push_back(
        {static_cast<float>(std::log(one) + 3.0), static_cast<std::uint32_t>(candidates.size())});
  }
  return candidates;
}

TEST(SamplerFilters, TheBestAreThoseOfASort) {
  const std::vector<float> logits{1.0F, 3.0F, -2.0F, 3.0F, 2.0F, -kInfinity};
  for (const auto& [k, want] :
       std::vector<std::pair<std::size_t, Ids>>{{1, {1}},
                                                {2, {1, 3}},
                                                {3, {1, 3, 4}},
                                                {6, {1, 3, 4, 0, 2, 5}},
                                                {0, {1, 3, 4, 0, 2, 5}},
                                                {9, {1, 3, 4, 0, 2, 5}}}) {  // fmt: skip
    auto best = best_candidates(logits, k);
    std::sort(best.begin(), best.end(), is_better);
    EXPECT_EQ(ids_of(best), want) << k;
  }
}

// Mean 4, variance (9 + 4 + 1 + 0 + 36) / 5 = 10: σ = 3.162, from 10 − 3.162 = 6.838 on and from
// 10 − 2 · 3.162 = 3.675 on.
TEST(SamplerFilters, SigmaIsThatOfTheFiniteLogits) {
  const std::vector<float> logits{1.0F, 2.0F, -kInfinity, 3.0F, 4.0F, 10.0F};
  const auto left = [&](float n) {
    std::vector<float> cut = logits;
    cut_below_n_sigma(cut, n);
    Ids ids;
    for (std::uint32_t id = 0; id < cut.size(); ++id) {
      if (cut[id] == -kInfinity) continue;
      EXPECT_EQ(cut[id], logits[id]);
      ids.push_back(id);
    }
    return ids;
  };
  EXPECT_EQ(left(0.001F), Ids({5}));
  EXPECT_EQ(left(1.0F), Ids({5}));
  EXPECT_EQ(left(1.8F), Ids({5}));     // 4.308
  EXPECT_EQ(left(1.9F), Ids({4, 5}));  // 3.992
  EXPECT_EQ(left(2.0F), Ids({4, 5}));
  EXPECT_EQ(left(3.0F), Ids({0, 1, 3, 4, 5}));
  std::vector<float> none{-kInfinity};
  cut_below_n_sigma(none, 1.0F);
  EXPECT_EQ(none[0], -kInfinity);
}

// In units of ln 2: surprises 1, 2, 3, 3 and entropy 1/2 · 1 + 1/4 · 2 + 2 · 1/8 · 3 = 1.75, so
// distances 0.75, 0.25, 1.25, 1.25.
TEST(SamplerFilters, TypicalGoesByTheDistanceFromTheEntropy) {
  const auto kept = [](float p) {
    auto candidates = with_probabilities({0.5, 0.25, 0.125, 0.125});
    candidates.push_back({-kInfinity, 4});
    keep_typical(candidates, p);
    return ids_of(candidates);
  };
  EXPECT_EQ(kept(0.2F), Ids({1}));
  EXPECT_EQ(kept(0.3F), Ids({1, 0}));
  EXPECT_EQ(kept(0.7F), Ids({1, 0}));
  EXPECT_EQ(kept(0.8F), Ids({1, 0, 2}));
  EXPECT_EQ(kept(0.99F), Ids({1, 0, 2, 3}));
}

TEST(SamplerFilters, XtcLeavesOutAllTopChoicesButTheLast) {
  const auto candidates = with_probabilities({0.4, 0.3, 0.2, 0.1});
  EXPECT_EQ(excluded_top_choices(candidates, 0.45F), 0U);
  EXPECT_EQ(excluded_top_choices(candidates, 0.35F), 0U);
  EXPECT_EQ(excluded_top_choices(candidates, 0.25F), 1U);
  EXPECT_EQ(excluded_top_choices(candidates, 0.15F), 2U);
  EXPECT_EQ(excluded_top_choices(candidates, 0.05F), 3U);
  EXPECT_EQ(excluded_top_choices(std::span(candidates).first(1), 0.05F), 0U);
}

}  // namespace
}  // namespace cellm
