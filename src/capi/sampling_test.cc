// Sampling and the ends of answers through the C interface.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include "capi/test_generate.h"
#include "engine/generate.h"

namespace cellm {
namespace {

using test::expect_failure;
using test::expect_ok;
using test::Generate;
using test::Heard;
using test::Ids;
using test::kTokens;
using test::sized;

using GenerateSampling = Generate;

// The options behind those of version 0.1 reach the sampler, too.
TEST_F(GenerateSampling, SamplesAsTheEngineWithAllOptions) {
  auto options = sized<cellm_generate_options>();
  options.max_tokens = 40;
  options.temperature = 2.0F;
  options.seed = 6;
  options.ignore_end = 1;
  options.presence_penalty = 0.5F;
  options.frequency_penalty = 0.25F;
  options.top_n_sigma = 2.0F;
  options.typical_p = 0.9F;
  options.xtc_probability = 0.5F;
  options.xtc_threshold = 0.02F;
  options.dry_multiplier = 0.7F;
  options.dry_base = 2.0F;
  options.dry_allowed_length = 1;
  options.dry_window = 20;
  const std::array breakers{"e", "ab"};
  options.dry_breakers = breakers.data();
  options.dry_breakers_count = breakers.size();
  const std::array<cellm_logit_bias, 2> biases{{{7, 3.0F}, {8, -INFINITY}}};
  options.logit_bias = biases.data();
  options.logit_bias_count = biases.size();
  Heard heard;
  generate(test::new_session(model_), heard, options);

  const auto opened = open_model(path_);
  const Engine engine(opened, {"", 1});
  Session session(engine, {});
  GenerateOptions internal;
  internal.max_tokens = 40;
  internal.tokenizer = opened->tokenizer();
  internal.sampler = {.temperature = 2.0F,
                      .top_k = 0,
                      .repeat_penalty = 1.0F,
                      .seed = 6,
                      .presence_penalty = 0.5F,
                      .frequency_penalty = 0.25F,
                      .top_n_sigma = 2.0F,
                      .typical_p = 0.9F,
                      .xtc_probability = 0.5F,
                      .xtc_threshold = 0.02F,
                      .dry = {.multiplier = 0.7F,
                              .base = 2.0F,
                              .allowed_length = 1,
                              .window = 20,
                              .breakers = {"e", "ab"}},
                      .logit_bias = {{7, 3.0F}, {8, -INFINITY}}};
  for (std::uint32_t id = kTokens; id < engine.config().vocab_size; ++id)
    internal.unusable_ids.push_back(id);
  const auto want = cellm::generate(
      session, prompt_, internal, [](auto, auto) {}, [] { return false; });
  EXPECT_EQ(heard.ids, want.ids);
  EXPECT_EQ(heard.text, want.text);
}

// The tokens are bytes, so any two that follow each other make a stop string.
TEST_F(GenerateSampling, EndsBeforeAStopString) {
  auto options = sized<cellm_generate_options>();
  options.max_tokens = 24;
  options.temperature = 3.0F;
  options.ignore_end = 1;
  const std::array<cellm_logit_bias, 1> biases{{{'Q', 100.0F}}};
  const std::array stops{"nowhere", "QQ"};
  options.logit_bias = biases.data();
  options.logit_bias_count = biases.size();
  options.stop_strings = stops.data();
  options.stop_strings_count = stops.size();
  Heard heard;
  const auto result = generate(test::new_session(model_), heard, options);
  EXPECT_EQ(result.stop_reason, CELLM_STOP_STRING);
  EXPECT_EQ(heard.ids, Ids({'Q', 'Q'}));
  EXPECT_EQ(heard.text, "");
  // Text that was held back comes at the end.
  options.max_tokens = 1;
  Heard held;
  EXPECT_EQ(generate(test::new_session(model_), held, options).stop_reason, CELLM_STOP_LENGTH);
  EXPECT_EQ(held.last, "Q");
  EXPECT_EQ(held.text, "Q");
}

TEST_F(GenerateSampling, EndsOrChangesALoop) {
  auto options = sized<cellm_generate_options>();
  options.max_tokens = 150;
  options.ignore_end = 1;
  const std::array<cellm_logit_bias, 1> biases{{{'Q', 100.0F}}};
  options.logit_bias = biases.data();
  options.logit_bias_count = biases.size();
  Heard ignored;
  EXPECT_EQ(generate(test::new_session(model_), ignored, options).stop_reason, CELLM_STOP_LENGTH);
  EXPECT_EQ(ignored.ids, Ids(150, 'Q'));
  options.on_loop = CELLM_LOOP_STOP;
  Heard stopped;
  EXPECT_EQ(generate(test::new_session(model_), stopped, options).stop_reason, CELLM_STOP_LOOP);
  EXPECT_EQ(stopped.ids, Ids(96, 'Q'));
  options.on_loop = CELLM_LOOP_RESAMPLE;
  Heard resampled;
  EXPECT_EQ(generate(test::new_session(model_), resampled, options).stop_reason, CELLM_STOP_LENGTH);
  EXPECT_EQ(Ids(resampled.ids.begin(), resampled.ids.begin() + 96), Ids(96, 'Q'));
  EXPECT_NE(resampled.ids[96], 'Q');
}

TEST_F(GenerateSampling, NoTokenEndsTheAnswerBeforeTheFewest) {
  folder_.write("llama/generation_config.json", "{\"eos_token_id\": 81}");
  const auto model = test::open_handle(path_);
  auto options = sized<cellm_generate_options>();
  options.max_tokens = 9;
  const std::array<cellm_logit_bias, 1> biases{{{81, 100.0F}}};
  options.logit_bias = biases.data();
  options.logit_bias_count = biases.size();
  options.min_tokens = 4;
  Heard heard;
  EXPECT_EQ(generate(test::new_session(model), heard, options).stop_reason, CELLM_STOP_END);
  EXPECT_EQ(heard.ids.size(), 4U);
}

TEST_F(GenerateSampling, LogprobsAreTheSoftmaxOfTheLogits) {
  auto options = sized<cellm_generate_options>();
  options.max_tokens = 3;
  options.ignore_end = 1;
  options.temperature = 4.0F;
  options.logprobs = 1;
  options.top_logprobs = 2;
  Heard heard;
  const auto result = generate(test::new_session(model_), heard, options);
  ASSERT_EQ(result.logprobs_per_token, 3U);
  const auto session = test::new_session(model_);
  Ids next = prompt_;
  for (std::size_t i = 0; i < heard.ids.size(); ++i) {
    const auto logits = test::advance(model_, session, next);
    double total = 0.0;
    for (const float logit : logits) total += std::exp(static_cast<double>(logit));
    const cellm_logprob* row = result.logprobs + 3 * i;
    EXPECT_EQ(row[0].id, heard.ids[i]);
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(row[j].logprob, static_cast<double>(logits[row[j].id]) - std::log(total), 1e-4);
    }
    const auto best = std::max_element(logits.begin(), logits.begin() + kTokens);
    EXPECT_EQ(row[1].id, static_cast<std::uint32_t>(best - logits.begin()));
    EXPECT_GE(row[1].logprob, row[2].logprob);
    next = {heard.ids[i]};
  }
  cellm_free(result.logprobs);
  // The result of an older caller ends before them.
  auto older = sized<cellm_generate_result>();
  older.size = offsetof(cellm_generate_result, logprobs);
  expect_ok(cellm_generate(test::new_session(model_).get(), prompt_.data(), prompt_.size(),
                           &options, nullptr, nullptr, &older));
  EXPECT_EQ(older.generated_tokens, 3U);
  EXPECT_EQ(older.logprobs, nullptr);
}

TEST_F(GenerateSampling, TellsHowTheModelWantsToBeSampled) {
  auto sampling = sized<cellm_sampling>();
  expect_ok(cellm_model_get_sampling(model_.get(), CELLM_SAMPLING_FILE, &sampling));
  EXPECT_TRUE(std::isnan(sampling.temperature) && std::isnan(sampling.presence_penalty));
  EXPECT_EQ(sampling.top_k, SIZE_MAX);
  folder_.write("llama/generation_config.json",
                R"({"do_sample": true, "temperature": 0.5, "top_k": 7, "top_p": 0.25})");
  const auto model = test::open_handle(path_);
  expect_ok(cellm_model_get_sampling(model.get(), CELLM_SAMPLING_FILE, &sampling));
  EXPECT_EQ(sampling.temperature, 0.5F);
  EXPECT_EQ(sampling.top_k, 7U);
  EXPECT_EQ(sampling.top_p, 0.25F);
  EXPECT_TRUE(std::isnan(sampling.min_p) && std::isnan(sampling.repeat_penalty));
  expect_ok(cellm_model_get_sampling(model.get(), CELLM_SAMPLING_CARD, &sampling));
  EXPECT_TRUE(std::isnan(sampling.temperature));
  expect_failure(cellm_model_get_sampling(model.get(), 9, &sampling), CELLM_ERROR_USAGE,
                 "source 9 of sampling is unknown");
  folder_.write("llama/generation_config.json", R"({"top_p": 2})");
  const auto damaged = test::open_handle(path_);
  expect_failure(cellm_model_get_sampling(damaged.get(), CELLM_SAMPLING_FILE, &sampling),
                 CELLM_ERROR_DATA, "top_p must be from");
}

}  // namespace
}  // namespace cellm
