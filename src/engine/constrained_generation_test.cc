// Generation under a constraint.
#include <limits>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "engine/generation.h"
#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;

constexpr std::size_t kVocab = 300;
constexpr std::uint32_t kEnd = 270;  // a control token
constexpr std::uint32_t kOpen = 271;
constexpr std::uint32_t kClose = 272;

Tokenizer make_tokenizer(bool special_tags) {
  Json document = test::small_json();
  for (std::uint32_t id = 261; id < kEnd; ++id) {
    document["model"]["vocab"]["unused" + std::to_string(id)] = id;
  }
  document["added_tokens"].push_back(test::added_token(kEnd, "<|end|>", true));
  document["added_tokens"].push_back(test::added_token(kOpen, "<think>", special_tags));
  document["added_tokens"].push_back(test::added_token(kClose, "</think>", special_tags));
  return test::make_tokenizer(document);
}
const Tokenizer& tokenizer(bool special_tags = false) {
  static const Tokenizer special = make_tokenizer(true);
  static const Tokenizer ordinary = make_tokenizer(false);
  return special_tags ? special : ordinary;
}

GenerateOptions options_for(ConstraintPtr constraint, bool special_tags = false) {
  GenerateOptions options;
  options.max_tokens = 2000;
  options.sampler.temperature = 1.0F;
  options.sampler.top_k = 0;
  options.sampler.repeat_penalty = 1.0F;
  options.tokenizer = &tokenizer(special_tags);
  options.stop_ids = {kEnd};
  options.constraint = std::move(constraint);
  return options;
}

// A model of random taste that likes some ids.
GenerateResult generate(const GenerateOptions& options, const Ids& liked = {},
                        const Ids& prompt = {1}, unsigned seed = 1) {
  std::mt19937 random(seed);
  Generation text(prompt, options);
  text.read(prompt.size());
  while (!text.ended()) {
    std::vector<float> logits(kVocab);
    for (float& logit : logits) logit = static_cast<float>(random() % 1000) / 250.0F;
    for (const std::uint32_t id : liked) logits[id] += 4.0F;
    if (!text.choose(logits, 100'000)) break;
    text.read(text.pending().size());
  }
  return text.result();
}

ConstraintPtr schema(const char* text) {
  return constrain_to_json_schema(nlohmann::ordered_json::parse(text));
}

constexpr const char* kSchema = R"({"type": "object", "properties": {
    "name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"},
    "list": {"type": "array", "items": {"type": "boolean"}}}, "required": ["name", "age"]})";

TEST(ConstrainedGeneration, AnswersSatisfyTheSchema) {
  const auto constraint = schema(kSchema);
  for (unsigned seed = 0; seed < 200; ++seed) {
    GenerateOptions options = options_for(constraint);
    options.sampler.seed = seed;
    const GenerateResult result = generate(options, {'"', '}', ']', ','}, {1}, seed);
    ASSERT_EQ(result.reason, StopReason::kEos) << result.text;
    const auto value = nlohmann::json::parse(result.text);
    EXPECT_TRUE(value.at("name").is_string() && value.at("age").is_number_integer());
    EXPECT_TRUE(satisfies(constraint, result.text));
  }
}

TEST(ConstrainedGeneration, EndsWhereNothingMayFollow) {
  const std::vector<std::string> choices{"hello"};
  GenerateOptions options = options_for(constrain_to_choice(choices));
  options.min_tokens = 100;
  options.top_logprobs = 2;
  const GenerateResult result = generate(options, {kEnd});
  EXPECT_EQ(result.text, "hello");
  EXPECT_EQ(result.reason, StopReason::kEos);
  EXPECT_EQ(result.logprobs.size(), result.ids.size());
  const GenerateResult nothing = generate(options_for(literal("")));
  EXPECT_EQ(nothing.reason, StopReason::kEos);
  EXPECT_TRUE(nothing.ids.empty());
}

TEST(ConstrainedGeneration, TheEndComesWhereTheTextMayEnd) {
  GenerateOptions options = options_for(constrain_to_regex("(?:ab)*"));
  options.sampler.temperature = 0.0F;
  EXPECT_EQ(generate(options, {kEnd, kEnd}).text, "");
  options.min_tokens = 3;
  const GenerateResult result = generate(options, {kEnd, kEnd});
  EXPECT_EQ(result.text, "abab");
  EXPECT_EQ(result.reason, StopReason::kEos);
  options.stop_ids = {};
  options.stop_strings = {"ba"};
  EXPECT_EQ(generate(options).text, "a");
  options.stop_strings = {"<|end|>"};
  EXPECT_EQ(generate(options, {kEnd, kEnd}).reason, StopReason::kStopString);
}

TEST(ConstrainedGeneration, BeginsBehindTheReasoning) {
  for (const bool special_tags : {false, true}) {
    for (const bool inside : {false, true}) {
      GenerateOptions options = options_for(schema(kSchema), special_tags);
      options.thinking.emplace();
      std::size_t thought = 0;
      for (unsigned seed = 0; seed < 40; ++seed) {
        options.sampler.seed = seed;
        const GenerateResult result = generate(options, {'"', '}', ']', ',', kOpen, kClose, kEnd},
                                               inside ? Ids{1, kOpen} : Ids{1}, seed);
        ASSERT_EQ(result.reason, StopReason::kEos) << result.text;
        ASSERT_TRUE(satisfies(options.constraint, result.answer)) << result.answer;
        thought += result.thinking_tokens > 0 ? 1 : 0;
      }
      EXPECT_GT(thought, inside ? 30U : 3U);
    }
  }
}

TEST(ConstrainedGeneration, BeginsAtOnceWhereNoReasoningMayBegin) {
  const Ids liked{'"', '}', ']', ',', kOpen, kClose, kEnd, ' ', '\n'};
  for (const bool special_tags : {false, true}) {
    GenerateOptions options = options_for(schema(kSchema), special_tags);
    options.thinking.emplace();
    for (unsigned seed = 0; seed < 40; ++seed) {
      options.sampler.seed = seed;
      options.may_reason = true;
      const GenerateResult closed = generate(options, liked, {1, kOpen, kClose, '\n'}, seed);
      options.may_reason = false;
      const GenerateResult never = generate(options, liked, {1}, seed);
      for (const GenerateResult& result : {closed, never}) {
        EXPECT_EQ(result.text, result.answer);
        EXPECT_EQ(result.reasoning, "");
        ASSERT_TRUE(satisfies(options.constraint, result.text)) << result.text;
      }
      // Also if the model has read the tags before.
      options.may_reason = true;
      Generation later(Ids{'\n'}, options, Ids{1, kOpen, kClose});
      later.read(1);
      std::vector<float> spaces(kVocab, 0.0F);
      spaces[' '] = 50.0F;
      later.choose(spaces, 100);
      EXPECT_EQ(later.latest_text(), "{");
      // What the prompt has begun goes on.
      ASSERT_TRUE(satisfies(options.constraint, generate(options, liked, {1, kOpen}, seed).answer));
    }
  }
}

TEST(ConstrainedGeneration, SpelledControlTokensStandForTheirSpelling) {
  GenerateOptions options = options_for(constrain_to_regex("(?:<think>|[a-z])+[.]"), true);
  options.spelled_ids = {kOpen};
  bool came = false;
  for (unsigned seed = 0; seed < 20; ++seed) {
    options.sampler.seed = seed;
    const GenerateResult result = generate(options, {kOpen, kOpen, kClose, '.'}, {1}, seed);
    ASSERT_TRUE(satisfies(options.constraint, result.text)) << result.text;
    for (const std::uint32_t id : result.ids) {
      EXPECT_NE(id, kClose);
      came = came || id == kOpen;
    }
  }
  EXPECT_TRUE(came);
}

// As special tokens the tags would have no text, and reasoning would run into the answer.
TEST(ConstrainedGeneration, SpecialTagsHaveAText) {
  GenerateOptions options = options_for(literal("hello"), true);
  options.thinking.emplace();
  options.thinking_budget = 2;
  const GenerateResult result = generate(options, {'a', 'a', 'a'}, {1, kOpen});
  EXPECT_TRUE(result.text.starts_with(result.reasoning + "</think>")) << result.text;
  EXPECT_EQ(result.answer, "hello");
  options.constraint = nullptr;
  options.max_tokens = 4;
  options.thinking_budget.reset();
  EXPECT_EQ(generate(options, {kOpen, kOpen, kOpen}, {1}).text.substr(0, 7), "<think>");
}

TEST(ConstrainedGeneration, TheBudgetOfThinkingWaitsForAWholeCharacter) {
  GenerateOptions options = options_for(literal("hello"));
  options.thinking.emplace();
  options.thinking_budget = 3;
  for (unsigned seed = 0; seed < 60; ++seed) {
    options.sampler.seed = seed;
    Ids liked;
    for (std::uint32_t id = 0x80; id < 0x100; ++id) liked.push_back(id);
    const GenerateResult result = generate(options, liked, {1, kOpen}, seed);
    EXPECT_EQ(result.answer, "hello");
    EXPECT_EQ(result.reasoning.find("\xEF\xBF\xBD"), std::string::npos);
    EXPECT_LE(result.thinking_tokens, 8U);
  }
}

TEST(ConstrainedGeneration, Errors) {
  GenerateOptions options = options_for(literal("x"));
  options.tokenizer = nullptr;
  EXPECT_THROW(Generation(Ids{1}, options), Error);
  options = options_for(literal("x"));
  options.sampler.logit_bias = {{'x', -std::numeric_limits<float>::infinity()}};
  EXPECT_THROW(generate(options), Error);
}

}  // namespace
}  // namespace cellm
