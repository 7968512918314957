// Several sequences on one engine at the same time. Under ThreadSanitizer (scripts/tsan.sh) this is
// the proof that prefill, decoding and sessions share nothing that they write.
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/generate.h"
#include "engine/session.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;

constexpr std::uint32_t kVocabulary = 300;  // every test model has at least these ids
constexpr std::size_t kGenerated = 8;

// More than a chunk of the delta rule, so that threads share its work.
Ids prompt(std::size_t tokens, std::uint32_t seed) {
  Ids ids(tokens);
  for (std::size_t i = 0; i < tokens; ++i) {
    ids[i] = static_cast<std::uint32_t>((i * 37 + seed * 101 + i * i * 7) % kVocabulary);
  }
  return ids;
}

// The results of a sequence: the last logits of a prompt, what is generated, and the logits after a
// return to a checkpoint in the middle.
struct Trace {
  std::vector<float> prompt_logits;
  Ids generated;
  std::vector<float> again_logits;
  bool operator==(const Trace&) const = default;
};

Trace run(const Engine& engine, KvEncoding encoding, const Ids& tokens) {
  Trace trace;
  Session session(engine, {encoding, 16, 0});
  const std::span<const std::uint32_t> all = tokens;
  const std::size_t half = all.size() / 2;
  session.advance(all.first(half));
  const Snapshot middle = session.snapshot();
  const auto logits = session.advance(all.subspan(half));
  trace.prompt_logits.assign(logits.begin(), logits.end());

  Session other(engine, {encoding, 16, 0});
  GenerateOptions options;
  options.max_tokens = kGenerated;
  options.sampler.seed = 7;
  trace.generated = generate(
                        other, tokens, options, [](auto, auto) {}, [] { return false; })
                        .ids;

  session.restore(middle);
  for (const std::uint32_t id : all.last(3)) {
    const auto step = session.advance({&id, 1});
    trace.again_logits.assign(step.begin(), step.end());
  }
  return trace;
}

class Sessions : public ::testing::TestWithParam<const char*> {};

TEST_P(Sessions, AtTheSameTimeGiveWhatTheyGiveAlone) {
  const auto path = std::filesystem::path(CELLM_TESTDATA) / "models" / GetParam();
  for (const unsigned threads : {1U, 3U}) {
    const Engine engine(open_model(path), {"", threads, SIZE_MAX, Activations::kInt8});
    const Ids first = prompt(150, 1);
    const Ids second = prompt(70, 2);
    const Trace want_first = run(engine, KvEncoding::kF16, first);
    const Trace want_second = run(engine, KvEncoding::kTurboQuant, second);
    Trace got_first;
    Trace got_second;
    std::thread a([&] { got_first = run(engine, KvEncoding::kF16, first); });
    std::thread b([&] { got_second = run(engine, KvEncoding::kTurboQuant, second); });
    a.join();
    b.join();
    EXPECT_TRUE(got_first == want_first) << threads << " threads";
    EXPECT_TRUE(got_second == want_second) << threads << " threads";
  }
}

// Threads go on from the same snapshot, hand on their own, and give up copies while others read and
// write: whoever is left last writes in place.
TEST_P(Sessions, ThreadsShareSnapshots) {
  const Engine engine(open_model(std::filesystem::path(CELLM_TESTDATA) / "models" / GetParam()),
                      {"", 2});
  const Ids start = prompt(70, 1);
  std::vector<Ids> rests;
  for (std::uint32_t i = 0; i < 3; ++i) rests.push_back(prompt(9 + i, 10 + i));
  const auto go_on = [](Session& session, const Ids& tokens) {
    std::vector<float> last;
    for (const std::uint32_t id : tokens) {
      const auto logits = session.advance({&id, 1});
      last.assign(logits.begin(), logits.end());
    }
    return last;
  };
  std::vector<std::vector<float>> want;
  for (const Ids& rest : rests) {
    Session alone(engine, {});
    alone.advance(start);
    want.push_back(go_on(alone, rest));
  }
  for (int round = 0; round < 3; ++round) {
    std::optional<Session> first(std::in_place, engine, SequenceOptions{});
    first->advance(start);
    std::vector<std::vector<float>> got(rests.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < rests.size(); ++i) {
      threads.emplace_back([&, i, snapshot = first->snapshot()]() mutable {
        Session session(engine, {});
        session.restore(snapshot);
        { const Snapshot given_up = std::move(snapshot); }
        got[i] = go_on(session, rests[i]);
        EXPECT_EQ(session.snapshot().position(), start.size() + rests[i].size());
      });
    }
    first.reset();
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(got == want) << round;
  }
}

INSTANTIATE_TEST_SUITE_P(, Sessions,
                         ::testing::Values("qwen3_5_text/golden/i4.cellm", "qwen3_5_text",
                                           "qwen3/golden/i4.cellm", "llama"));

}  // namespace
}  // namespace cellm
