// The queue, turns, pauses, cancellation and memory of a Scheduler.
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "schedule/memory.h"
#include "schedule/request_state.h"
#include "schedule/runner.h"
#include "schedule/scheduler.h"
#include "schedule/test_requests.h"
#include "schedule/waiting.h"

// Sanitizers have a heap of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CELLM_COUNTS_STATES 0
#else
#define CELLM_COUNTS_STATES 1
#endif

#if CELLM_COUNTS_STATES
namespace {

// Memory of states comes from calloc(bytes, 1) (AlignedBuffer). Counted for this test program, by a
// table of the pointers that are in use.
std::atomic<std::size_t> counted_bytes{0};
std::atomic<std::size_t> counted_peak{0};
constexpr std::size_t kPlaces = std::size_t{1} << 16;
std::array<std::atomic<void*>, kPlaces> states_in_use;

std::size_t place_of(const void* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) / 16 * 0x9E3779B1U % kPlaces;
}

// Replaces one of the few places behind that of `memory`; false if none of them has `from`.
bool replace_place(void* memory, void* from, void* to) {
  for (std::size_t i = 0; i < 64; ++i) {
    void* expected = from;
    if (states_in_use[(place_of(memory) + i) % kPlaces].compare_exchange_strong(expected, to)) {
      return true;
    }
  }
  return false;
}

}  // namespace

extern "C" void* __libc_calloc(std::size_t count, std::size_t size);
extern "C" void __libc_free(void* memory);

extern "C" void* calloc(std::size_t count, std::size_t size) noexcept {
  void* memory = __libc_calloc(count, size);
  if (memory == nullptr || size != 1) return memory;
  if (!replace_place(memory, nullptr, memory)) std::abort();
  const std::size_t now = counted_bytes += malloc_usable_size(memory);
  std::size_t peak = counted_peak;
  while (now > peak && !counted_peak.compare_exchange_weak(peak, now)) {
  }
  return memory;
}

extern "C" void free(void* memory) noexcept {
  if (memory != nullptr && replace_place(memory, memory, nullptr)) {
    counted_bytes -= malloc_usable_size(memory);
  }
  __libc_free(memory);
}
#endif

namespace cellm {
namespace {

class ServiceTest : public ::testing::TestWithParam<const char*> {
 protected:
  ServiceTest() : owned_(test_engine(GetParam(), 2)), engine_(*owned_) {}
  std::unique_ptr<Engine> owned_;
  Engine& engine_;
};

CompletionRequest endless(std::uint32_t seed, const std::string& client) {
  CompletionRequest request = test_request(20, seed);
  request.options.max_tokens = 100000;
  request.options.top_logprobs = {};
  request.client = client;
  return request;
}

// The next event of this kind.
CompletionEvent wait_for(Completion& completion, CompletionEvent::Kind kind) {
  for (;;) {
    auto event = completion.next(kPatience);
    if (!event) throw std::runtime_error("no event came");
    if (event->kind == kind) return *std::move(event);
  }
}

TEST_P(ServiceTest, AFullQueueRefuses) {
  Scheduler scheduler(engine_, 1, {.max_sequences = 1, .max_queue = 2});
  // Some may end in the meantime, as far as the context of a small model lets them.
  std::vector<std::shared_ptr<Completion>> accepted;
  std::optional<QueueFull> full;
  for (std::uint32_t i = 0; i < 1000 && !full; ++i) {
    try {
      accepted.push_back(scheduler.submit(endless(i, "a")));
    } catch (const QueueFull& refusal) {
      full = refusal;
    }
  }
  ASSERT_TRUE(full);
  EXPECT_GE(full->retry_after.count(), 1);
  EXPECT_LE(full->retry_after.count(), 60);
  EXPECT_GE(accepted.size(), 2U);
  const SchedulerMetrics metrics = scheduler.metrics();
  EXPECT_LE(metrics.running, 1U);
  EXPECT_LE(metrics.queued, 3U);  // one of them for the free place
  EXPECT_EQ(metrics.refused, 1U);
  // A place in the queue that is given up can be taken.
  for (const auto& completion : accepted) completion->cancel();
  wait_for(*accepted.back(), CompletionEvent::Kind::kEnd);
  EXPECT_NO_THROW(scheduler.submit(endless(4, "a")));
}

TEST_P(ServiceTest, DrainEndsWhatWasAccepted) {
  Scheduler scheduler(engine_, 1, {.max_sequences = 1});
  std::vector<std::shared_ptr<Completion>> all;
  for (std::uint32_t i = 0; i < 4; ++i) all.push_back(scheduler.submit(test_request(40, i)));
  scheduler.drain();
  EXPECT_THROW(scheduler.submit(test_request(40, 9)), Draining);
  for (const auto& completion : all) {
    const Collected got = collect(*completion);
    EXPECT_EQ(got.ends, 1U);
    EXPECT_NE(got.reasons.front(), StopReason::kInterrupted);
  }
  EXPECT_EQ(scheduler.metrics().running, 0U);
}

TEST_P(ServiceTest, DestructionCancels) {
  std::vector<std::shared_ptr<Completion>> all;
  {
    Scheduler scheduler(engine_, 1, {.max_sequences = 2});
    for (std::uint32_t i = 0; i < 4; ++i) all.push_back(scheduler.submit(endless(i, "a")));
    wait_for(*all.front(), CompletionEvent::Kind::kToken);
  }
  for (const auto& completion : all) {
    EXPECT_EQ(collect(*completion).reasons.at(0), StopReason::kInterrupted);
    EXPECT_TRUE(completion->finished());
  }
}

TEST_P(ServiceTest, ADroppedHandleCancels) {
  Scheduler scheduler(engine_, 1, {.max_sequences = 1});
  auto dropped = scheduler.submit(endless(1, "a"));
  wait_for(*dropped, CompletionEvent::Kind::kToken);
  const auto next = scheduler.submit(test_request(30, 2));
  dropped.reset();
  EXPECT_EQ(collect(*next).ends, 1U);
  scheduler.drain();
  EXPECT_EQ(scheduler.metrics().cancelled, 1U);
}

TEST_P(ServiceTest, ASlowReaderPausesAndOthersGoOn) {
  const std::size_t context = 1000;
  if (max_sequence_tokens(engine_.config(), {}) < context) GTEST_SKIP();
  Scheduler scheduler(engine_, 1, {});
  CompletionRequest slow = endless(1, "slow");
  slow.options.max_tokens = 2 * kMaxUnreadEvents;
  const auto unread = scheduler.submit(slow);
  // Others are served as long as they like.
  for (std::uint32_t i = 0; i < 40; ++i) collect(*scheduler.submit(test_request(30, i)));
  for (int i = 0; i < 200 && scheduler.metrics().generated_tokens < kMaxUnreadEvents; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const std::size_t generated = scheduler.metrics().generated_tokens;
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(scheduler.metrics().generated_tokens, generated);
  EXPECT_LE(generated, kMaxUnreadEvents + 40U * 12);
  EXPECT_EQ(scheduler.metrics().running, 1U);
  slow.options.top_logprobs = {};
  EXPECT_EQ(collect(*unread), alone(engine_, slow));
}

TEST_P(ServiceTest, ClientsTakeTurns) {
  Scheduler scheduler(engine_, 1, {.max_sequences = 1});
  const auto blocker = scheduler.submit(endless(1, "blocker"));
  wait_for(*blocker, CompletionEvent::Kind::kToken);
  // One client has four requests in the queue before the other comes with two.
  std::vector<std::shared_ptr<Completion>> many;
  std::vector<std::shared_ptr<Completion>> few;
  for (std::uint32_t i = 0; i < 4; ++i) many.push_back(scheduler.submit(endless(i, "many")));
  for (std::uint32_t i = 0; i < 2; ++i) few.push_back(scheduler.submit(endless(i, "few")));
  std::vector<std::shared_ptr<Completion>> order = {many[0], few[0],  many[1],
                                                    few[1],  many[2], many[3]};
  blocker->cancel();
  for (std::size_t i = 0; i < order.size(); ++i) {
    wait_for(*order[i], CompletionEvent::Kind::kToken);
    for (std::size_t later = i + 1; later < order.size(); ++later) {
      EXPECT_FALSE(order[later]->next(std::chrono::milliseconds(0))) << i << " " << later;
    }
    order[i]->cancel();
  }
}

#if CELLM_COUNTS_STATES
TEST_P(ServiceTest, MemoryStaysWithinTheLimit) {
  const StateSizes sizes(engine_.config(), {});
  const std::uint64_t limit = 5 * sizes.own(300, 0);
  // What a batch and its steps need beside states, of the size of its largest step.
  {
    Scheduler scheduler(engine_, 1, {.max_sequences = 6});
    std::vector<std::shared_ptr<Completion>> all;
    for (std::uint32_t i = 0; i < 6; ++i) all.push_back(scheduler.submit(test_request(200, i)));
    for (const auto& completion : all) collect(*completion);
  }
  const std::size_t before = counted_bytes;
  Scheduler scheduler(engine_, 1, {.max_sequences = 6, .cache_bytes = limit});
  const std::size_t workspace = counted_bytes - before;
  counted_peak = counted_bytes.load();
  for (std::uint32_t round = 0; round < 6; ++round) {
    std::vector<std::shared_ptr<Completion>> all;
    for (std::uint32_t i = 0; i < 8; ++i) {
      CompletionRequest request = test_request(100 + 20 * i, i % 3);
      request.borders = {50, 90};
      request.prompt.back() = round;
      request.answers = 1 + i % 3;
      all.push_back(scheduler.submit(request));
    }
    for (const auto& completion : all) EXPECT_FALSE(collect(*completion).error);
    EXPECT_LE(scheduler.metrics().cache_bytes_used, limit);
  }
  EXPECT_GT(scheduler.metrics().cached_tokens, 0U);
  EXPECT_LE(counted_peak - before, workspace + limit);
  // The count is not far from the truth, else it would prove nothing.
  scheduler.drain();
  EXPECT_GE(4 * (counted_bytes - before - workspace), scheduler.metrics().cache_bytes_used);
}
#endif

TEST_P(ServiceTest, LongAnswersGetMemoryAsTheyGrow) {
  if (max_sequence_tokens(engine_.config(), {}) < 900) GTEST_SKIP();
  const StateSizes sizes(engine_.config(), {});
  CompletionRequest request = test_request(40, 1);
  request.options.max_tokens = 800;
  request.use_cache = false;
  SchedulerOptions options;
  options.reserved_answer = 100;
  // One fits whole, but not a second one beside it.
  options.cache_bytes = sizes.own(900, 0) + sizes.own(200, 0);
  Scheduler scheduler(engine_, 1, options);
  const auto first = scheduler.submit(request);
  const auto second = scheduler.submit(request);
  const auto read = [](Completion& completion, Collected& all) { all = collect(completion); };
  Collected of_first;
  Collected of_second;
  std::thread reader([&] { read(*second, of_second); });
  read(*first, of_first);
  reader.join();
  EXPECT_EQ(of_first, alone(engine_, request));
  EXPECT_TRUE(of_second.error && of_second.error->find("memory") != std::string::npos);
  EXPECT_EQ(scheduler.metrics().failed, 1U);
}

TEST_P(ServiceTest, WhatNeverFitsIsRefused) {
  const StateSizes sizes(engine_.config(), {});
  Scheduler scheduler(engine_, 1, {.cache_bytes = sizes.own(64, 0)});
  CompletionRequest request = test_request(40, 1);
  EXPECT_EQ(collect(*scheduler.submit(request)).ends, 1U);
  request.options.max_tokens = 200;
  try {
    scheduler.submit(request);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kResources);
  }
}

TEST(WaitingTest, TheClientServedLongestAgoComesNext) {
  const auto signal = std::make_shared<Signal>();
  Waiting waiting;
  std::vector<std::string> order;
  for (const char* client : {"a", "a", "a", "b", "b", "c"}) {
    waiting.push(std::make_shared<RequestState>(
        CompletionRequest{.prompt = {1}, .client = std::string(client)}, signal));
  }
  while (const auto next = waiting.next()) {
    order.push_back(next->request().client);
    waiting.take(next);
  }
  EXPECT_EQ(order, (std::vector<std::string>{"a", "b", "c", "a", "b", "a"}));
}

INSTANTIATE_TEST_SUITE_P(Models, ServiceTest, ::testing::Values("qwen3_5_text", "llama"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace cellm
