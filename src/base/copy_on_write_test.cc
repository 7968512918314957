#include "base/copy_on_write.h"

#include <memory>
#include <numeric>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace cellm {
namespace {

using Values = CopyOnWrite<std::vector<int>>;

TEST(CopyOnWrite, SharesUntilACopyIsWrittenTo) {
  Values a(std::vector<int>{1, 2, 3});
  const int* first = a.read().data();
  a.write()[0] = 4;  // not shared: in place
  EXPECT_EQ(a.read().data(), first);
  Values b = a;
  EXPECT_TRUE(a.shared() && b.shared());
  EXPECT_EQ(b.read().data(), first);
  b.write()[1] = 5;
  EXPECT_EQ(a.read(), (std::vector<int>{4, 2, 3}));
  EXPECT_EQ(b.read(), (std::vector<int>{4, 5, 3}));
  EXPECT_FALSE(a.shared() || b.shared());
}

TEST(CopyOnWrite, TheLastCopyWritesInPlace) {
  std::optional<Values> a(std::vector<int>{1});
  Values b = *a;
  Values c = std::move(*a);
  a.reset();
  c = b;
  EXPECT_TRUE(b.shared());
  { const Values moved = std::move(c); }
  EXPECT_FALSE(b.shared());
  const int* first = b.read().data();
  b.write()[0] = 2;
  EXPECT_EQ(b.read().data(), first);
}

constexpr int kThreads = 4;
constexpr int kSize = 1000;

// Each thread reads its copy to the end before it writes to it or gives it up; the last one writes
// to the memory that all others have read.
TEST(CopyOnWrite, ThreadsReadAndWriteTheirCopies) {
  for (int round = 0; round < 50; ++round) {
    auto start = std::make_unique<Values>(std::vector<int>(kSize, 1));
    std::vector<std::thread> threads;
    std::vector<int> sums(kThreads);
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&sums, i, copy = *start]() mutable {
        const auto sum = [&copy] {
          return std::accumulate(copy.read().begin(), copy.read().end(), 0);
        };
        EXPECT_EQ(sum(), kSize);
        if (i % 2 == 0) return;
        for (int& value : copy.write()) value += i;
        sums[static_cast<std::size_t>(i)] = sum();
      });
    }
    start.reset();
    for (std::thread& thread : threads) thread.join();
    for (int i = 1; i < kThreads; i += 2) {
      EXPECT_EQ(sums[static_cast<std::size_t>(i)], kSize * (1 + i));
    }
  }
}

}  // namespace
}  // namespace cellm
