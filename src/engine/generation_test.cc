#include "engine/generation.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;

constexpr std::size_t kVocab = 300;
constexpr std::uint32_t kEnd = 270;      // a control token
constexpr std::uint32_t kControl = 271;  // another one

const Tokenizer& tokenizer() {
  static const Tokenizer made = [] {
    Json document = test::small_json();
    for (std::uint32_t id = 261; id < kEnd; ++id) {
      document["model"]["vocab"]["unused" + std::to_string(id)] = id;
    }
    document["added_tokens"].push_back(test::added_token(kEnd, "<|end|>", true));
    document["added_tokens"].push_back(test::added_token(kControl, "<|call|>", true));
    return test::make_tokenizer(document);
  }();
  return made;
}

GenerateOptions greedy() {
  GenerateOptions options;
  options.max_tokens = 1000;
  options.sampler.temperature = 0.0F;
  options.sampler.repeat_penalty = 1.0F;
  options.tokenizer = &tokenizer();
  options.stop_ids = {kEnd};
  return options;
}

// A model that wants the ids of `script` over and over: the logit of the next one is `wish`, of
// those in `also` 1 and 2 and so on, of all others 0.
GenerateResult generate(const Ids& script, const GenerateOptions& options, float wish = 100.0F,
                        const Ids& also = {}) {
  Generation text(Ids{1}, options);
  text.read(1);
  while (!text.ended()) {
    std::vector<float> logits(kVocab, 0.0F);
    for (std::size_t i = 0; i < also.size(); ++i) logits[also[i]] = static_cast<float>(i + 1);
    logits[script[text.result().ids.size() % script.size()]] = wish;
    if (!text.choose(logits, 100'000)) break;
    text.read(text.pending().size());
  }
  return text.result();
}

Ids bytes(std::string_view text) {
  Ids ids;
  for (const char byte : text) ids.push_back(static_cast<unsigned char>(byte));
  return ids;
}

TEST(Generation, EndsAtAStopString) {
  auto options = greedy();
  options.stop_strings = {"\n\n", "two"};
  const auto result = generate(bytes("one two three"), options);
  EXPECT_EQ(result.reason, StopReason::kStopString);
  EXPECT_EQ(stop_reason_name(result.reason), "stop");
  EXPECT_EQ(result.text, "one ");
  EXPECT_EQ(result.ids, bytes("one two"));
  // Complete with the last token that is allowed.
  options.max_tokens = 7;
  EXPECT_EQ(generate(bytes("one two three"), options).reason, StopReason::kStopString);
  options.max_tokens = 6;
  const auto shorter = generate(bytes("one two three"), options);
  EXPECT_EQ(shorter.reason, StopReason::kLength);
  EXPECT_EQ(shorter.text, "one tw");
}

TEST(Generation, AStopStringMayBeAControlToken) {
  auto options = greedy();
  options.stop_strings = {"<|call|>"};
  const auto result = generate({'a', kControl}, options);
  EXPECT_EQ(result.reason, StopReason::kStopString);
  EXPECT_EQ(result.ids, Ids({'a'}));
  EXPECT_EQ(result.text, "a");
  // In plain characters, too.
  EXPECT_EQ(generate(bytes("a<|call|>"), options).text, "a");
}

TEST(Generation, StopStringsNeedATokenizer) {
  auto options = greedy();
  options.stop_strings = {"a"};
  options.tokenizer = nullptr;
  expect_error(ErrorKind::kUsage, "need a tokenizer", [&] { Generation(Ids{1}, options); });
}

TEST(Generation, NoTokenEndsTheAnswerBeforeTheFewest) {
  auto options = greedy();
  EXPECT_TRUE(generate({kEnd}, options).ids.empty());
  options.min_tokens = 3;
  const auto result = generate({kEnd}, options, 100.0F, {'a', 'b'});
  EXPECT_EQ(result.ids, bytes("bbb"));
  EXPECT_EQ(result.reason, StopReason::kEos);
  // The same while sampling, and for a control token among the stop strings.
  options.sampler.temperature = 1.0F;
  options.stop_strings = {"<|call|>"};
  const auto sampled = generate({kControl}, options);
  EXPECT_EQ(sampled.ids.size(), 3U);
  EXPECT_EQ(sampled.reason, StopReason::kStopString);
}

TEST(Generation, ALoopEndsTheAnswer) {
  auto options = greedy();
  EXPECT_EQ(generate({'a', 'b'}, options).ids.size(), 1000U);
  options.on_loop = OnLoop::kStop;
  const auto result = generate({'a', 'b'}, options);
  EXPECT_EQ(result.reason, StopReason::kLoop);
  EXPECT_EQ(stop_reason_name(result.reason), "loop");
  EXPECT_EQ(result.ids.size(), loop_tokens(2));
}

// With DRY, what would continue the loop is worse than the others.
TEST(Generation, ALoopIsSampledAgainOnce) {
  auto options = greedy();
  options.max_tokens = 110;
  options.on_loop = OnLoop::kResample;
  const auto left = generate({'a', 'b'}, options, 5.0F, {'x', 'y', 'z'});
  EXPECT_EQ(left.reason, StopReason::kLength);
  for (std::size_t i = 0; i < loop_tokens(2); ++i) EXPECT_EQ(left.ids[i], i % 2 == 0 ? 'a' : 'b');
  EXPECT_EQ(left.ids[loop_tokens(2)], 'z');
  // A wish that no penalty outweighs.
  options.max_tokens = 1000;
  const auto again = generate({'a', 'b'}, options, 1e35F);
  EXPECT_EQ(again.reason, StopReason::kLoop);
  EXPECT_EQ(again.ids.size(), 2 * loop_tokens(2));
}

TEST(Generation, LogprobsAreOfTheRawLogits) {
  auto options = greedy();
  options.max_tokens = 5;
  options.top_logprobs = 2;
  options.sampler.presence_penalty = 200.0F;  // makes the choice another one than the wish
  const auto result = generate({'a'}, options, 10.0F, {'b'});
  EXPECT_EQ(result.ids[0], 'a');
  EXPECT_EQ(result.ids[1], 'b');
  ASSERT_EQ(result.logprobs.size(), 5U);
  // Σ = e¹⁰ + e + 298
  const double log_total = std::log(std::exp(10.0) + std::exp(1.0) + 298.0);
  EXPECT_EQ(result.logprobs[1].chosen.id, 'b');
  EXPECT_NEAR(result.logprobs[1].chosen.logprob, 1.0 - log_total, 1e-5);
  ASSERT_EQ(result.logprobs[1].top.size(), 2U);
  EXPECT_EQ(result.logprobs[1].top[0].id, 'a');
  EXPECT_NEAR(result.logprobs[1].top[0].logprob, 10.0 - log_total, 1e-5);
  options.top_logprobs = std::nullopt;
  EXPECT_TRUE(generate({'a'}, options).logprobs.empty());
  EXPECT_FALSE(generate({'a', kEnd}, options).end_logprobs);
  options.top_logprobs = 0;
  const GenerateResult ended = generate({'a', kEnd}, options);
  ASSERT_TRUE(ended.end_logprobs);
  EXPECT_EQ(ended.end_logprobs->chosen.id, kEnd);
  EXPECT_EQ(ended.end_id, kEnd);
  EXPECT_EQ(ended.logprobs.size(), 1U);
  options.top_logprobs = 100'000;
  expect_error(ErrorKind::kUsage, "alternatives", [&] { Generation(Ids{1}, options); });
}

}  // namespace
}  // namespace cellm
