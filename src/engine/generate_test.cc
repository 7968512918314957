#include "engine/generate.h"

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/test_files.h"
#include "engine/session.h"

namespace cellm {
namespace {

// A model with delta nets and attention, and one with attention alone; packed weights or not.
class GenerateBatch : public testing::TestWithParam<const char*> {
 protected:
  GenerateBatch()
      : engine_(open_model(std::filesystem::path(CELLM_TESTDATA) / "models" / GetParam()),
                EngineOptions{"", 2}) {}

  // Prompts of different lengths, one of them longer than a pass, greedy and not.
  std::vector<BatchPrompt> prompts() const {
    std::vector<BatchPrompt> result;
    for (std::size_t i = 0; i < 5; ++i) {
      BatchPrompt prompt;
      const std::size_t length = i == 3 ? kMaxBatchTokens + 9 : 1 + 7 * i;
      for (std::size_t t = 0; t < length; ++t) {
        prompt.ids.push_back(
            static_cast<std::uint32_t>((i * 31 + t * 17) % engine_.config().vocab_size));
      }
      prompt.sampler.temperature = i % 2 == 0 ? 0.0F : 0.7F;
      prompt.sampler.repeat_penalty = 1.0F;
      prompt.sampler.seed = i;
      result.push_back(prompt);
    }
    return result;
  }

  Engine engine_;
};

TEST_P(GenerateBatch, GivesWhatEachSequenceGivesAlone) {
  GenerateOptions options;
  options.max_tokens = 40;
  std::vector<std::size_t> calls;
  const auto together = generate_batch(engine_, {}, prompts(), options, [&](auto done, auto total) {
    EXPECT_EQ(total, 200U);
    calls.push_back(done);
  });
  EXPECT_EQ(calls.back(), 200U);
  std::size_t i = 0;
  for (const BatchPrompt& prompt : prompts()) {
    Session session(engine_, {});
    GenerateOptions alone = options;
    alone.sampler = prompt.sampler;
    const auto result = generate(
        session, prompt.ids, alone, [](auto, auto) {}, [] { return false; });
    EXPECT_EQ(together[i].ids, result.ids) << i;
    EXPECT_EQ(together[i].reason, result.reason);
    EXPECT_EQ(together[i].decoded_tokens, result.decoded_tokens);
    ++i;
  }
}

// Fewer sequences at a time than prompts: each text begins when another has ended.
TEST_P(GenerateBatch, GivesTheSameHoweverManyRunTogether) {
  GenerateOptions options;
  options.max_tokens = 12;
  const auto want = generate_batch(engine_, {}, prompts(), options, {});
  for (const std::size_t together : {1U, 2U, 4U}) {
    std::size_t last = 0;
    const auto got = generate_batch(
        engine_, {}, prompts(), options,
        [&](std::size_t done, std::size_t total) {
          EXPECT_GE(done, last);
          EXPECT_EQ(total, 60U);
          last = done;
        },
        together);
    EXPECT_EQ(last, 60U);
    for (std::size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(got[i].ids, want[i].ids) << together << " " << i;
      EXPECT_EQ(got[i].prompt_tokens, want[i].prompt_tokens);
      EXPECT_EQ(got[i].decoded_tokens, want[i].decoded_tokens);
    }
  }
}

TEST_P(GenerateBatch, TakesMorePromptsThanAStepHasTokens) {
  GenerateOptions options;
  options.max_tokens = 2;
  std::vector<BatchPrompt> many(kMaxBatchTokens + 3, prompts()[1]);
  const auto results = generate_batch(engine_, {}, many, options, {});
  for (const GenerateResult& result : results) EXPECT_EQ(result.ids, results.front().ids);
}

TEST_P(GenerateBatch, StopsBetweenChunksOfAPrompt) {
  Session session(engine_, {});
  const auto prompt = prompts()[3].ids;
  int asked = 0;
  const auto result = generate(
      session, prompt, {}, [](auto, auto) {}, [&] { return ++asked == 2; });
  EXPECT_EQ(result.reason, StopReason::kInterrupted);
  EXPECT_EQ(result.prompt_tokens, kMaxBatchTokens);
  EXPECT_EQ(session.position(), kMaxBatchTokens);
  EXPECT_TRUE(result.ids.empty());
}

TEST_P(GenerateBatch, EndsEachSequenceAtItsOwnStop) {
  GenerateOptions options;
  options.max_tokens = 30;
  const auto free = generate_batch(engine_, {}, prompts(), options, {});
  options.stop_ids = {free[1].ids[3]};
  const auto stopped = generate_batch(engine_, {}, prompts(), options, {});
  EXPECT_EQ(stopped[1].reason, StopReason::kEos);
  EXPECT_LE(stopped[1].ids.size(), 3U);
  for (std::size_t i = 0; i < free.size(); ++i) {
    for (std::size_t t = 0; t < stopped[i].ids.size(); ++t) {
      EXPECT_EQ(stopped[i].ids[t], free[i].ids[t]);
    }
  }
}

TEST_P(GenerateBatch, RefusesWhatDoesNotFit) {
  SequenceOptions small;
  small.total_blocks = 1;
  BatchPrompt prompt{std::vector<std::uint32_t>(17, 1), {}};
  expect_error(ErrorKind::kUsage, "do not fit", [&] {
    generate_batch(engine_, small, {&prompt, 1}, {}, {});
  });
  prompt.ids = {static_cast<std::uint32_t>(engine_.config().vocab_size)};
  expect_error(ErrorKind::kUsage, "beyond the vocabulary", [&] {
    generate_batch(engine_, {}, {&prompt, 1}, {}, {});
  });
  prompt.ids.clear();
  expect_error(ErrorKind::kUsage, "prompt 1 is empty", [&] {
    generate_batch(engine_, {}, {&prompt, 1}, {}, {});
  });
}

INSTANTIATE_TEST_SUITE_P(Models, GenerateBatch,
                         testing::Values("qwen3_5_text", "llama", "qwen3_mlx_4bit"));

}  // namespace
}  // namespace cellm
