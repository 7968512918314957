#include "engine/generation_config.h"

#include <gtest/gtest.h>

#include "base/test_files.h"

namespace cellm {
namespace {

SamplingDefaults sampling(std::string_view json) {
  return generation_sampling(json, "g.json");
}

TEST(GenerationConfig, SamplingIsWhatTheFileSays) {
  EXPECT_EQ(sampling(R"({"eos_token_id": 3, "transformers_version": "4"})"), SamplingDefaults());
  EXPECT_EQ(sampling(R"({"do_sample": true, "temperature": 0.5, "top_k": 20, "top_p": 0.75,
                         "min_p": 0.25, "repetition_penalty": 1.5, "presence_penalty": 1,
                         "frequency_penalty": -0.5})"),
            (SamplingDefaults{.temperature = 0.5F,
                              .top_k = 20,
                              .top_p = 0.75F,
                              .min_p = 0.25F,
                              .repeat_penalty = 1.5F,
                              .presence_penalty = 1.0F,
                              .frequency_penalty = -0.5F}));
  EXPECT_EQ(sampling(R"({"temperature": null, "top_k": 0, "min_p": null})"),
            SamplingDefaults{.top_k = 0});
  EXPECT_EQ(sampling(R"({"top_k": -1})"), SamplingDefaults{.top_k = 0});
}

TEST(GenerationConfig, NotToSampleIsGreedy) {
  EXPECT_EQ(sampling(R"({"do_sample": false, "temperature": 0.5, "top_k": 20})"),
            SamplingDefaults{.temperature = 0.0F});
}

TEST(GenerationConfig, RefusesWhatASamplerWould) {
  for (const char* json :
       {R"({"temperature": -1})", R"({"temperature": "hot"})", R"({"top_k": -2})",
        R"({"top_k": 1.5})", R"({"top_p": 0})", R"({"top_p": 1.5})", R"({"min_p": 1})",
        R"({"repetition_penalty": 0})", R"({"presence_penalty": 1e9})", R"({"do_sample": 1})"}) {
    expect_error(ErrorKind::kData, "g.json: ", [&] { sampling(json); });
  }
}

TEST(GenerationConfig, CardsSayMoreOfSomeModels) {
  EXPECT_EQ(card_sampling("qwen3_5_text", 248320).presence_penalty, 1.5F);
  EXPECT_EQ(card_sampling("qwen3_5_text", 4096), SamplingDefaults());
  EXPECT_EQ(card_sampling("qwen3_5", 248320), card_sampling("qwen3_5_text", 248320));
  EXPECT_EQ(card_sampling("llama", 248320), SamplingDefaults());
}

}  // namespace
}  // namespace cellm
