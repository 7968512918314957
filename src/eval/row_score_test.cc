#include "eval/row_score.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace cellm {
namespace {

// The definitions, in long double.
RowScore by_definition(std::span<const float> row, std::span<const float> reference,
                       std::uint32_t target) {
  const auto log_probabilities = [](std::span<const float> logits) {
    const long double largest = *std::max_element(logits.begin(), logits.end());
    long double total = 0.0L;
    for (const float logit : logits) total += std::exp(static_cast<long double>(logit) - largest);
    std::vector<long double> result;
    for (const float logit : logits)
      result.push_back(static_cast<long double>(logit) - largest - std::log(total));
    return result;
  };
  const auto q = log_probabilities(row);
  const auto p = log_probabilities(reference);
  long double kld = 0.0L;
  for (std::size_t i = 0; i < p.size(); ++i) kld += std::exp(p[i]) * (p[i] - q[i]);
  RowScore score;
  score.nll = static_cast<double>(-q[target]);
  score.reference_nll = static_cast<double>(-p[target]);
  score.kld = static_cast<double>(kld);
  score.delta_p = static_cast<double>(std::exp(q[target]) - std::exp(p[target]));
  score.same_top = std::max_element(row.begin(), row.end()) - row.begin() ==
                   std::max_element(reference.begin(), reference.end()) - reference.begin();
  return score;
}

RowScore score(const char* target_name, const std::vector<float>& row,
               const std::vector<float>& reference, std::uint32_t target) {
  ThreadPool pool(1);
  RowScore result;
  score_rows(kernel_table(target_name), pool, row, reference, row.size(), {&target, 1},
             {&result, 1});
  return result;
}

TEST(RowScore, OfDistributionsMadeByHand) {
  // p = (1/2, 1/4, 1/4), q = (1/4, 1/4, 1/2): KL(p ‖ q) = ½ ln 2 + ¼ ln ½ = ¼ ln 2.
  const float ln2 = std::log(2.0F);
  const std::vector<float> p{ln2, 0.0F, 0.0F};
  const std::vector<float> q{5.0F, 5.0F, 5.0F + ln2};
  for (const char* target : {"scalar", ""}) {
    const RowScore result = score(target, q, p, 0);
    EXPECT_NEAR(result.nll, std::log(4.0), 1e-6);
    EXPECT_NEAR(result.reference_nll, std::log(2.0), 1e-6);
    EXPECT_NEAR(result.kld, 0.25 * std::log(2.0), 1e-6);
    EXPECT_NEAR(result.delta_p, -0.25, 1e-6);
    EXPECT_FALSE(result.same_top);
    // Not the same the other way round: KL(q ‖ p) = ½ ln 2 − ¼ ln 2 as well here, but for target 2.
    EXPECT_NEAR(score(target, p, q, 2).delta_p, -0.25, 1e-6);
  }
}

TEST(RowScore, DivergenceHasADirection) {
  // p = (0.9, 0.1), q = (½, ½): KL(p ‖ q) = 0.9 ln 1.8 + 0.1 ln 0.2; KL(q ‖ p) = ½ ln(1/0.36)
  const std::vector<float> p{std::log(9.0F), 0.0F};
  const std::vector<float> q{0.0F, 0.0F};
  EXPECT_NEAR(score("", q, p, 0).kld, 0.9 * std::log(1.8) + 0.1 * std::log(0.2), 1e-6);
  EXPECT_NEAR(score("", p, q, 0).kld, -0.5 * std::log(0.36), 1e-6);
}

TEST(RowScore, IsThatOfTheDefinition) {
  std::mt19937 random(1);
  for (const std::size_t vocab : {1U, 2U, 7U, 512U, 513U, 5000U}) {
    for (const float spread : {0.1F, 3.0F, 30.0F}) {
      std::normal_distribution<float> logit(-20.0F, spread);
      std::normal_distribution<float> noise(0.0F, 0.1F * spread);
      std::vector<float> reference(vocab);
      std::vector<float> row(vocab);
      for (std::size_t i = 0; i < vocab; ++i) {
        reference[i] = logit(random);
        row[i] = reference[i] + noise(random);
      }
      const auto target = static_cast<std::uint32_t>(random() % vocab);
      const RowScore expected = by_definition(row, reference, target);
      for (const char* name : {"scalar", ""}) {
        const RowScore result = score(name, row, reference, target);
        EXPECT_NEAR(result.nll, expected.nll, 1e-6 * (1.0 + expected.nll)) << vocab << name;
        EXPECT_NEAR(result.reference_nll, expected.reference_nll,
                    1e-6 * (1.0 + expected.reference_nll));
        EXPECT_NEAR(result.kld, expected.kld, 1e-6 * (1.0 + expected.kld)) << vocab << name;
        EXPECT_NEAR(result.delta_p, expected.delta_p, 1e-6);
        EXPECT_EQ(result.same_top, expected.same_top);
      }
    }
  }
}

TEST(RowScore, EqualRowsDoNotDiverge) {
  std::mt19937 random(2);
  std::normal_distribution<float> logit(0.0F, 5.0F);
  std::vector<float> row(10'000);
  for (float& value : row) value = logit(random);
  const RowScore result = score("", row, row, 17);
  EXPECT_EQ(result.kld, 0.0);
  EXPECT_EQ(result.delta_p, 0.0);
  EXPECT_TRUE(result.same_top);
}

TEST(RowScore, ExtremeLogitsStayFinite) {
  const std::vector<float> far{3e38F, -3e38F, 0.0F};
  const std::vector<float> other{-3e38F, 3e38F, 0.0F};
  const RowScore result = score("", far, other, 2);
  EXPECT_TRUE(std::isfinite(result.kld));
  EXPECT_TRUE(std::isfinite(result.nll));
  EXPECT_GT(result.kld, 1e38);
  EXPECT_EQ(result.delta_p, 0.0);
}

TEST(RowScore, TheLowerOfEqualTopsCounts) {
  EXPECT_TRUE(score("", {1.0F, 2.0F, 2.0F}, {0.0F, 3.0F, 1.0F}, 0).same_top);
  EXPECT_FALSE(score("", {2.0F, 2.0F, 1.0F}, {0.0F, 3.0F, 1.0F}, 0).same_top);
}

TEST(RowScore, RowsGoWithTheirTargetsOnAnyThread) {
  std::mt19937 random(3);
  std::normal_distribution<float> logit(0.0F, 2.0F);
  constexpr std::size_t kVocab = 100;
  constexpr std::size_t kRows = 33;
  std::vector<float> rows(kRows * kVocab);
  std::vector<float> references(kRows * kVocab);
  std::vector<std::uint32_t> targets(kRows);
  for (float& value : rows) value = logit(random);
  for (float& value : references) value = logit(random);
  for (auto& target : targets) target = static_cast<std::uint32_t>(random() % kVocab);
  ThreadPool pool(3);
  std::vector<RowScore> scores(kRows);
  score_rows(kernel_table(), pool, rows, references, kVocab, targets, scores);
  for (std::size_t r = 0; r < kRows; ++r) {
    const auto expected =
        by_definition(std::span(rows).subspan(r * kVocab, kVocab),
                      std::span(references).subspan(r * kVocab, kVocab), targets[r]);
    EXPECT_NEAR(scores[r].kld, expected.kld, 1e-6);
    EXPECT_NEAR(scores[r].nll, expected.nll, 1e-6);
  }
  // Without a reference only the likelihood is set.
  std::vector<RowScore> alone(kRows);
  score_rows(kernel_table(), pool, rows, {}, kVocab, targets, alone);
  for (std::size_t r = 0; r < kRows; ++r) {
    EXPECT_EQ(alone[r].nll, scores[r].nll);
    EXPECT_EQ(alone[r].kld, 0.0);
  }
}

}  // namespace
}  // namespace cellm
