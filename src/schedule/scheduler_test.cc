#include "schedule/scheduler.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/generate.h"
#include "schedule/test_requests.h"

namespace cellm {
namespace {

class SchedulerTest : public ::testing::TestWithParam<const char*> {
 protected:
  SchedulerTest() : owned_(test_engine(GetParam(), 2)), engine_(*owned_) {}
  std::unique_ptr<Engine> owned_;
  Engine& engine_;
};

TEST_P(SchedulerTest, AnswersAreThoseOfARunAlone) {
  Scheduler scheduler(engine_, 1, {});
  std::vector<std::shared_ptr<Completion>> completions;
  std::vector<CompletionRequest> requests;
  for (std::uint32_t i = 0; i < 12; ++i) {
    requests.push_back(test_request(10 + 37 * i, i));
    completions.push_back(scheduler.submit(requests.back()));
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(collect(*completions[i]), alone(engine_, requests[i])) << i;
  }
}

// Answers of three tokens only, so that most ends of the text occur before.
TEST_P(SchedulerTest, AnswersWithDraftsAreThoseOfARunAlone) {
  std::vector<CompletionRequest> requests;
  for (std::uint32_t i = 0; i < 7; ++i) {
    requests.push_back(test_request(0, i));
    const std::vector<std::uint32_t> span = test_ids(6 + i, i);
    for (std::size_t at = 0; at < 20 + 9 * i; ++at) {
      requests.back().prompt.push_back(span[at % span.size()]);
    }
    requests.back().options.max_tokens = 50;
    requests.back().options.sampler.temperature = i % 3 == 0 ? 1.5F : 0.0F;
    requests.back().options.sampler.repeat_penalty = 1.0F;
    requests.back().options.sampler.logit_bias = {{17, 100.0F}, {18, 100.0F}, {200, 100.0F}};
  }
  for (const UseLookup use : {UseLookup::kOn, UseLookup::kAuto, UseLookup::kOff}) {
    Scheduler scheduler(engine_, 1, {.max_sequences = 5, .lookup = {use, 20}});
    std::vector<std::shared_ptr<Completion>> completions;
    for (const CompletionRequest& request : requests) {
      completions.push_back(scheduler.submit(request));
    }
    for (std::size_t i = 0; i < requests.size(); ++i) {
      EXPECT_EQ(collect(*completions[i]), alone(engine_, requests[i])) << i;
    }
    scheduler.drain();
    const SchedulerMetrics metrics = scheduler.metrics();
    EXPECT_EQ(metrics.generated_tokens, 50 * requests.size());
    if (use == UseLookup::kOn) {
      EXPECT_GT(metrics.accepted_tokens, 50U);
      EXPECT_GT(metrics.drafted_tokens, metrics.accepted_tokens);
    }
    if (use == UseLookup::kOff) {
      EXPECT_EQ(metrics.drafted_tokens, 0U);
    }
  }
}

TEST_P(SchedulerTest, SeveralAnswersHaveSuccessiveSeeds) {
  Scheduler scheduler(engine_, 1, {.max_sequences = 2});
  CompletionRequest request = test_request(45, 3);
  request.answers = 5;
  const Collected all = collect(*scheduler.submit(request));
  ASSERT_EQ(all.answers.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    CompletionRequest one = request;
    one.answers = 1;
    one.options.sampler.seed += i;
    EXPECT_EQ(all.answers[i], alone(engine_, one).answers.front()) << i;
  }
}

TEST_P(SchedulerTest, PromptLogprobsAreThoseOfARunAlone) {
  Scheduler scheduler(engine_, 1, {});
  CompletionRequest request = test_request(300, 5);
  request.prompt_logprobs = 2;
  const Collected got = collect(*scheduler.submit(request));
  ASSERT_EQ(got.prompt_logprobs.size(), 3 * 299U);
  EXPECT_EQ(got, alone(engine_, request));
}

TEST_P(SchedulerTest, CancelEndsEveryAnswer) {
  Scheduler scheduler(engine_, 1, {.max_sequences = 2});
  CompletionRequest request = test_request(45, 3);
  request.options.max_tokens = 100000;
  request.answers = 3;
  request.use_cache = false;
  const auto running = scheduler.submit(request);
  const auto waiting = scheduler.submit(request);
  ASSERT_TRUE(running->next(kPatience));
  running->cancel();
  waiting->cancel();
  for (const auto& completion : {running, waiting}) {
    const Collected all = collect(*completion);
    EXPECT_EQ(all.ends, 3U);
    for (const StopReason reason : all.reasons) EXPECT_EQ(reason, StopReason::kInterrupted);
  }
  scheduler.drain();
  EXPECT_EQ(scheduler.metrics().cancelled, 2U);
  EXPECT_EQ(scheduler.metrics().cache_bytes_used, 0U);
}

TEST_P(SchedulerTest, RefusesWhatDoesNotFit) {
  Scheduler scheduler(engine_, 1,
                      {.sequence = {.total_blocks = 4}, .max_sequences = 1, .max_queue = 1});
  EXPECT_EQ(scheduler.context(), 64U);
  try {
    scheduler.submit(test_request(65, 1));
    FAIL();
  } catch (const ContextExceeded& error) {
    EXPECT_EQ(error.tokens, 65U);
    EXPECT_EQ(error.limit, 64U);
  }
  EXPECT_THROW(scheduler.submit(test_request(0, 1)), Error);
  CompletionRequest request = test_request(20, 1);
  request.prompt.back() = 1U << 30U;
  EXPECT_THROW(scheduler.submit(request), Error);
  request = test_request(20, 1);
  request.borders = {21};
  EXPECT_THROW(scheduler.submit(request), Error);
  scheduler.drain();
  EXPECT_THROW(scheduler.submit(test_request(20, 1)), Draining);
}

INSTANTIATE_TEST_SUITE_P(Models, SchedulerTest, ::testing::Values("qwen3_5_text", "llama"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace cellm
