#include "base/lazy.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace cellm {
namespace {

TEST(Lazy, IsMadeOnceForAllThreads) {
  const Lazy<int> value;
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(value.get([&] { return 41 + ++made; }), 42); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
}

TEST(Lazy, IsTriedAgainAfterAnException) {
  const Lazy<int> value;
  EXPECT_THROW(value.get([]() -> int { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_EQ(value.get([] { return 7; }), 7);
  EXPECT_EQ(value.get([] { return 8; }), 7);
}

}  // namespace
}  // namespace cellm
