#include "convert/allocation.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace cellm {
namespace {

using Items = std::vector<std::vector<AllocationChoice>>;

struct Total {
  std::uint64_t bytes = 0;
  double loss = 0.0;
};
Total total(const Items& items, const std::vector<std::size_t>& chosen) {
  Total sum;
  for (std::size_t i = 0; i < items.size(); ++i) {
    sum.bytes += items[i].at(chosen[i]).bytes;
    sum.loss += items[i][chosen[i]].loss;
  }
  return sum;
}

// The least loss of all assignments within the budget; infinite if there is none.
double least_loss(const Items& items, std::uint64_t budget) {
  double least = std::numeric_limits<double>::infinity();
  std::vector<std::size_t> chosen(items.size(), 0);
  while (true) {
    const Total sum = total(items, chosen);
    if (sum.bytes <= budget) least = std::min(least, sum.loss);
    std::size_t i = 0;
    while (i < items.size() && ++chosen[i] == items[i].size()) chosen[i++] = 0;
    if (i == items.size()) return least;
  }
}

TEST(Allocate, FindsTheLeastLossOfAllAssignments) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    Items items(6);
    for (auto& item : items) {
      item.resize(1 + random() % 4);
      for (auto& choice : item) {
        choice = {random() % 1000, static_cast<double>(random() % 1000) / 100.0};
      }
    }
    for (const std::uint64_t budget : {0U, 500U, 1500U, 2500U, 6000U}) {
      const auto chosen = allocate(items, budget);
      const double least = least_loss(items, budget);
      ASSERT_EQ(chosen.has_value(), std::isfinite(least)) << round << " " << budget;
      if (!chosen) continue;
      EXPECT_LE(total(items, *chosen).bytes, budget);
      EXPECT_NEAR(total(items, *chosen).loss, least, 1e-9) << round << " " << budget;
    }
  }
}

TEST(Allocate, KeepsToTheBudgetAndComesCloseToItWhenBytesAreMany) {
  std::mt19937 random(4);
  Items items(300);
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  for (auto& item : items) {
    const std::uint64_t weights = 100'000 + random() % 5'000'000;
    const double sensitivity = std::ldexp(1.0, static_cast<int>(random() % 12));
    for (const unsigned bits : {1U, 2U, 3U, 4U}) {
      item.push_back({weights * bits / 8, sensitivity * std::ldexp(1.0, -2 * int(bits))});
    }
    least += item.front().bytes;
    most += item.back().bytes;
  }
  for (const double share : {0.0, 0.1, 0.5, 0.9, 1.0}) {
    const auto budget = static_cast<std::uint64_t>(static_cast<double>(least) * (1 - share) +
                                                   static_cast<double>(most) * share) +
                        1;
    const auto chosen = allocate(items, budget);
    ASSERT_TRUE(chosen);
    EXPECT_LE(total(items, *chosen).bytes, budget);
    if (share > 0.05) {
      EXPECT_GT(total(items, *chosen).bytes, budget - budget / 50) << share;
    }
  }
  EXPECT_FALSE(allocate(items, least - 1));
}

TEST(Allocate, HasNothingToDoWithoutItems) {
  EXPECT_EQ(allocate({}, 0), std::vector<std::size_t>{});
}

}  // namespace
}  // namespace cellm
