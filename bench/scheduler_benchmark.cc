// Speed of the scheduler on one model, as seen by its callers.
//
//   scheduler_benchmark MODEL [PART...]
//
//   streams   tokens per second of 1, 2, 4 and 8 callers at the same time, all of them together
//   delay     the longest time between two tokens of 8 callers, while another one's prompt of 8,000
//             tokens is read, and that prompt's time
//   reuse     the time to the first token of a prompt of 5,900 tokens: new, with its last 100
//   tokens
//             changed, and as it was
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/stopwatch.h"
#include "schedule/scheduler.h"

namespace cellm {
namespace {

constexpr std::chrono::seconds kPatience{600};
constexpr std::size_t kStreams = 8;
constexpr std::size_t kShortPrompt = 64;
constexpr std::size_t kAnswer = 96;
constexpr std::size_t kLongPrompt = 8000;
constexpr std::size_t kConversation = 5900;
constexpr std::size_t kLastTurn = 100;

CompletionRequest request(std::size_t tokens, unsigned seed, std::size_t answer) {
  std::mt19937 random(seed);
  CompletionRequest made;
  for (std::size_t i = 0; i < tokens; ++i) {
    made.prompt.push_back(static_cast<std::uint32_t>(random() % 100000));
  }
  made.options.max_tokens = answer;
  made.client = std::to_string(seed);
  return made;
}

struct Times {
  double first = 0.0;  // seconds until the first token
  double last = 0.0;
  double gap = 0.0;  // the longest between two tokens
  std::size_t tokens = 0;
};

Times read(Completion& completion, const Stopwatch& watch) {
  Times times;
  while (!completion.finished()) {
    const auto event = completion.next(kPatience);
    if (!event) throw error(ErrorKind::kOther, "no event came");
    if (event->kind == CompletionEvent::Kind::kFailed) throw *event->error;
    if (event->kind != CompletionEvent::Kind::kToken) continue;
    const double now = watch.seconds();
    if (times.tokens == 0) times.first = now;
    if (times.tokens != 0) times.gap = std::max(times.gap, now - times.last);
    times.last = now;
    ++times.tokens;
  }
  return times;
}

std::vector<Times> read_all(std::vector<std::shared_ptr<Completion>>& completions,
                            const Stopwatch& watch) {
  std::vector<Times> times(completions.size());
  std::vector<std::thread> readers;
  for (std::size_t i = 0; i < completions.size(); ++i) {
    readers.emplace_back([&, i] { times[i] = read(*completions[i], watch); });
  }
  for (std::thread& reader : readers) reader.join();
  return times;
}

void streams(Scheduler& scheduler) {
  double one = 0.0;
  for (const std::size_t count : {std::size_t{1}, kStreams}) {
    const Stopwatch watch;
    std::vector<std::shared_ptr<Completion>> completions;
    for (std::size_t i = 0; i < count; ++i) {
      completions.push_back(
          scheduler.submit(request(kShortPrompt, static_cast<unsigned>(100 * count + i), kAnswer)));
    }
    // While all of them generate.
    double begin = 0.0;
    double end = 1e9;
    const std::vector<Times> all = read_all(completions, watch);
    for (const Times& times : all) {
      begin = std::max(begin, times.first);
      end = std::min(end, times.last);
    }
    const double speed = static_cast<double>(count * (kAnswer - 1)) / (end - begin);
    if (count == 1) one = speed;
    fmt::print("{} streams: {:.1f} tokens/s, {:.2f} times one\n", count, speed, speed / one);
  }
}

void delay(Scheduler& scheduler) {
  const Stopwatch watch;
  std::vector<std::shared_ptr<Completion>> completions;
  for (std::size_t i = 0; i < kStreams; ++i) {
    completions.push_back(
        scheduler.submit(request(kShortPrompt, static_cast<unsigned>(i), 2 * kAnswer)));
  }
  for (const auto& completion : completions) {
    while (completion->next(kPatience)->kind != CompletionEvent::Kind::kToken) {
    }
  }
  const Stopwatch asked;
  auto longest = scheduler.submit(request(kLongPrompt, 999, 1));
  Times prompt;
  std::thread reader([&] { prompt = read(*longest, asked); });
  const std::vector<Times> all = read_all(completions, watch);
  const double decoded = watch.seconds();
  reader.join();
  double gap = 0.0;
  for (const Times& times : all) gap = std::max(gap, times.gap);
  fmt::print("longest time between two tokens of {} streams: {:.3f} s\n", kStreams, gap);
  fmt::print("prompt of {} tokens: {:.1f} s; the streams took {:.1f} s\n", kLongPrompt,
             prompt.first, decoded);
}

void reuse(Scheduler& scheduler) {
  CompletionRequest prompt = request(kConversation, 5, 2);
  prompt.borders = {kConversation - kLastTurn};
  const auto measure = [&](const char* what) {
    const Stopwatch watch;
    const auto completion = scheduler.submit(prompt);
    const Times times = read(*completion, watch);
    fmt::print("prompt of {} tokens, {}: {:.3f} s\n", kConversation, what, times.first);
  };
  measure("new");
  for (std::size_t i = kConversation - kLastTurn; i < kConversation; ++i) prompt.prompt[i] ^= 1U;
  measure("last turn edited");
  measure("the same");
}

int run(int count, char** arguments) {
  if (count < 2) {
    fmt::print(stderr, "usage: scheduler_benchmark MODEL [streams|delay|reuse]...\n");
    return 2;
  }
  std::vector<std::string> parts(arguments + 2, arguments + count);
  if (parts.empty()) parts = {"streams", "delay", "reuse"};
  const Engine engine(open_model(arguments[1]), {});
  Scheduler scheduler(engine, 0, {.sequence = {.total_blocks = 1024}, .max_sequences = 16},
                      [](const std::string& line) { fmt::print(stderr, "{}\n", line); });
  for (const std::string& part : parts) {
    if (part == "streams") streams(scheduler);
    if (part == "delay") delay(scheduler);
    if (part == "reuse") reuse(scheduler);
  }
  return 0;
}

}  // namespace
}  // namespace cellm

int main(int count, char** arguments) {
  try {
    return cellm::run(count, arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "scheduler_benchmark: {}\n", error.what());
    return 1;
  }
}
