// What the cache saves, and that it changes nothing.
#include <algorithm>
#include <filesystem>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_files.h"
#include "schedule/memory.h"
#include "schedule/scheduler.h"
#include "schedule/test_requests.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;

Ids joined(const Ids& a, const Ids& b) {
  Ids all = a;
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

class ReuseTest : public ::testing::TestWithParam<const char*> {
 protected:
  ReuseTest() : owned_(test_engine(GetParam(), 2)), engine_(*owned_) {}

  // Runs a request, compares with a run alone, and returns its cached tokens.
  std::size_t check(Scheduler& scheduler, const CompletionRequest& request) {
    const Collected got = collect(*scheduler.submit(request));
    EXPECT_EQ(got, alone(engine_, request));
    last_ = got;
    return got.cached;
  }

  std::unique_ptr<Engine> owned_;
  Engine& engine_;
  Collected last_;
};

TEST_P(ReuseTest, TheSamePromptIsNotReadAgain) {
  Scheduler scheduler(engine_, 1, {});
  CompletionRequest request = test_request(300, 1);
  EXPECT_EQ(check(scheduler, request), 0U);
  request.options.sampler.seed = 9;
  EXPECT_EQ(check(scheduler, request), 300U);
  request.answers = 3;
  const Collected all = collect(*scheduler.submit(request));
  EXPECT_EQ(all.cached, 300U);
  EXPECT_EQ(scheduler.metrics().prompt_tokens, 300U);
  EXPECT_EQ(scheduler.metrics().cache_misses.at("cold"), 1U);
}

TEST_P(ReuseTest, TheNextTurnContinuesBehindTheAnswer) {
  Scheduler scheduler(engine_, 1, {});
  CompletionRequest request = test_request(200, 2);
  check(scheduler, request);
  const Ids answer = last_.answers.front().ids;
  request.prompt = joined(joined(request.prompt, answer), test_ids(50, 8));
  // The last token of an answer that ends by its length is not read.
  EXPECT_EQ(check(scheduler, request), 200 + answer.size() - 1);
}

TEST_P(ReuseTest, AnEditedTurnReadsThatTurn) {
  Scheduler scheduler(engine_, 1, {});
  CompletionRequest request = test_request(400, 3);
  request.borders = {100, 310};
  check(scheduler, request);
  request.prompt = joined(test_ids(400, 3), {});
  request.prompt[320] ^= 1U;
  EXPECT_GE(check(scheduler, request), 310U);
  // Where nobody foresaw it: the first time finds no snapshot there and leaves one.
  request.borders = {};
  request.prompt[250] ^= 1U;
  check(scheduler, request);
  request.prompt[250] ^= 3U;
  EXPECT_GE(check(scheduler, request) + 32, 250U);
  const auto misses = scheduler.metrics().cache_misses;
  EXPECT_GE(misses.at("edited"), 1U);
}

TEST_P(ReuseTest, PromptsAtTheSameTimeReadTheirCommonBeginningOnce) {
  Scheduler scheduler(engine_, 1, {.max_sequences = 8});
  const Ids common = test_ids(260, 4);
  std::vector<CompletionRequest> requests;
  std::vector<std::shared_ptr<Completion>> completions;
  for (std::uint32_t i = 0; i < 6; ++i) {
    requests.push_back(test_request(1, i));
    requests.back().prompt = joined(common, test_ids(40 + i, 20 + i));
    completions.push_back(scheduler.submit(requests.back()));
  }
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(collect(*completions[i]), alone(engine_, requests[i])) << i;
  }
  EXPECT_LE(scheduler.metrics().prompt_tokens, 260U + 6 * (46 + 32));
}

TEST_P(ReuseTest, ACacheThatIsOffKeepsNothing) {
  Scheduler scheduler(engine_, 1, {});
  CompletionRequest request = test_request(200, 5);
  request.use_cache = false;
  check(scheduler, request);
  EXPECT_EQ(check(scheduler, request), 0U);
  scheduler.drain();
  EXPECT_EQ(scheduler.metrics().cache_bytes_used, 0U);
  EXPECT_EQ(scheduler.metrics().cache_misses.at("off"), 2U);
}

TEST_P(ReuseTest, SnapshotsSurviveARestart) {
  const TestFolder folder;
  SchedulerOptions options;
  options.cache_dir = folder.path() / "cache";
  std::vector<std::string> log;
  const auto add_line = [&](const std::string& line) { log.push_back(line); };
  CompletionRequest request = test_request(300, 6);
  Ids longer;
  {
    Scheduler scheduler(engine_, 1, options);
    check(scheduler, request);
    longer = joined(joined(request.prompt, last_.answers.front().ids), test_ids(30, 7));
    scheduler.drain();
  }
  EXPECT_EQ(std::filesystem::status(options.cache_dir).permissions(),
            std::filesystem::perms::owner_all);
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(options.cache_dir)) {
    files.push_back(file.path());
    EXPECT_EQ(file.status().permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  ASSERT_FALSE(files.empty());
  request.prompt = longer;
  {
    Scheduler scheduler(engine_, 1, options);
    EXPECT_GE(check(scheduler, request), 300U);
  }
  {
    Scheduler other_model(engine_, 2, options, add_line);
    EXPECT_EQ(check(other_model, request), 0U);
    ASSERT_FALSE(log.empty());
    EXPECT_NE(log.front().find("another model"), std::string::npos);
  }
  EXPECT_TRUE(std::filesystem::exists(files.front()));
}

TEST_P(ReuseTest, ADamagedFileIsReadAsNothing) {
  const TestFolder folder;
  SchedulerOptions options;
  options.cache_dir = folder.path();
  folder.write("prefix-0123456789abcdef-7.session", "CELLMSES");
  folder.write("prefix-note.txt", "of somebody else");
  folder.write("prefix-0123456789abcdef-7.session.1.tmp", "abandoned");
  const CompletionRequest request = test_request(300, 6);
  {
    Scheduler scheduler(engine_, 1, options);
    check(scheduler, request);
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "prefix-0123456789abcdef-7.session.1.tmp"));
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    const std::string name = file.path().filename().string();
    if (name.size() < 20 || name.find("-7.session") != std::string::npos) continue;
    std::string bytes = file_bytes(file.path());
    bytes[bytes.size() - 20] ^= 1;
    folder.write(name, bytes);
  }
  std::vector<std::string> log;
  Scheduler scheduler(engine_, 1, options, [&](const std::string& line) { log.push_back(line); });
  CompletionRequest next = request;
  next.prompt = joined(request.prompt, test_ids(20, 3));
  EXPECT_EQ(check(scheduler, next), 0U);
  scheduler.drain();
  EXPECT_TRUE(std::ranges::any_of(
      log, [](const std::string& line) { return line.find("damaged") != std::string::npos; }));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "prefix-note.txt"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "prefix-0123456789abcdef-7.session"));
}

TEST_P(ReuseTest, FilesStayWithinTheirLimit) {
  const TestFolder folder;
  SchedulerOptions options;
  options.cache_dir = folder.path();
  {
    Scheduler scheduler(engine_, 1, options);
    check(scheduler, test_request(200, 1));
  }
  const auto used = [&] {
    std::uint64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
      bytes += file.file_size();
    }
    return bytes;
  };
  const std::uint64_t one = used();
  EXPECT_GT(one, 0U);
  options.cache_dir_bytes = 3 * one;
  for (std::uint32_t round = 0; round < 3; ++round) {
    Scheduler scheduler(engine_, 1, options);
    for (std::uint32_t i = 0; i < 3; ++i) check(scheduler, test_request(200, 10 * round + i));
    scheduler.drain();
    EXPECT_LE(used(), options.cache_dir_bytes);
    EXPECT_GE(used(), one);
  }
}

// Conversations that are continued, edited, repeated and cancelled at random by several clients,
// some of them slow, in little memory.
class RandomClient {
 public:
  RandomClient(const Engine& engine, Scheduler& scheduler, unsigned seed)
      : engine_(engine), scheduler_(scheduler), random_(seed), client_(std::to_string(seed)) {
    // All clients have beginnings in common.
    history_.push_back(test_ids(70 + 5 * (seed % 3), 1));
  }

  void run(int requests) {
    for (int i = 0; i < requests; ++i) act();
  }

 private:
  std::size_t below(std::size_t count) { return random_() % count; }

  CompletionRequest invent() {
    CompletionRequest request = test_request(1, static_cast<std::uint32_t>(below(1000)));
    request.client = client_;
    Ids prompt = history_[below(history_.size())];
    if (prompt.size() > 330) prompt.resize(100);
    const std::size_t kind = below(4);
    if (kind == 1) prompt.resize(1 + below(prompt.size()));
    if (kind >= 1) {
      prompt = joined(prompt, test_ids(1 + below(60), static_cast<std::uint32_t>(below(5))));
    }
    request.prompt = prompt;
    request.options.max_tokens = below(20);
    request.answers = 1 + (below(4) == 0 ? below(3) : 0);
    for (std::size_t at = below(100); at <= prompt.size(); at += 1 + below(100)) {
      request.borders.push_back(at);
    }
    if (below(8) == 0) request.prompt_logprobs = below(3);
    request.use_cache = below(8) != 0;
    return request;
  }

  void act() {
    const CompletionRequest request = invent();
    const auto completion = scheduler_.submit(request);
    const std::size_t cancel_after = below(4) == 0 ? below(10) : SIZE_MAX;
    const bool slow = below(4) == 0;
    Collected got;
    for (std::size_t events = 0; !completion->finished(); ++events) {
      if (events == cancel_after) completion->cancel();
      if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(below(3)));
      const auto event = completion->next(kPatience);
      ASSERT_TRUE(event);
      collect(got, *event);
    }
    compare(request, got, cancel_after != SIZE_MAX);
    if (!got.answers.empty() && below(2) == 0) {
      history_.push_back(joined(request.prompt, got.answers.front().ids));
    }
  }

  void compare(const CompletionRequest& request, const Collected& got, bool cancelled) {
    ASSERT_FALSE(got.error) << *got.error;
    ASSERT_EQ(got.ends, request.answers);
    for (std::size_t i = 0; i < request.answers; ++i) {
      CompletionRequest one = request;
      one.answers = 1;
      one.options.sampler.seed += i;
      const Collected want = alone(engine_, one);
      const auto& ids = want.answers.front().ids;
      if (got.answers.size() <= i) {
        ASSERT_TRUE(cancelled || ids.empty());
        continue;
      }
      const auto& answer = got.answers[i];
      if (!cancelled) {
        ASSERT_EQ(answer, want.answers.front());
        if (i == 0) {
          ASSERT_EQ(got.prompt_logprobs, want.prompt_logprobs);
        }
        continue;
      }
      ASSERT_LE(answer.ids.size(), ids.size());
      ASSERT_TRUE(std::ranges::equal(answer.ids, std::span(ids).first(answer.ids.size())));
      const auto& logprobs = want.answers.front().logprobs;
      ASSERT_TRUE(
          std::ranges::equal(answer.logprobs, std::span(logprobs).first(answer.logprobs.size())));
    }
  }

  const Engine& engine_;
  Scheduler& scheduler_;
  std::mt19937 random_;
  std::string client_;
  std::vector<Ids> history_;
};

TEST_P(ReuseTest, AnswersDoNotDependOnTheCacheNorOnCompany) {
  const StateSizes sizes(engine_.config(), {});
  for (const unsigned threads : {1U, 2U, 3U}) {
    const auto engine = test_engine(GetParam(), threads);
    // Enough for the largest request and a few snapshots.
    const std::uint64_t limit = 4 * sizes.own(512, 0);
    Scheduler scheduler(*engine, 1, {.max_sequences = 5, .cache_bytes = limit});
    std::vector<std::thread> clients;
    for (unsigned seed = 0; seed < 8; ++seed) {
      clients.emplace_back([&, seed] {
        RandomClient client(*engine, scheduler, 100 * threads + seed);
        client.run(12);
      });
    }
    for (std::thread& client : clients) client.join();
    const SchedulerMetrics metrics = scheduler.metrics();
    EXPECT_LE(metrics.cache_bytes_used, limit);
    EXPECT_GT(metrics.cached_tokens, 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ReuseTest,
                         ::testing::Values("qwen3_5_text", "llama", "qwen3_5_text/golden/i4.cellm"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace_if(
                               name, [](char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

}  // namespace
}  // namespace cellm
