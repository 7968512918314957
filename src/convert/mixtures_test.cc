#include "convert/mixtures.h"

#include <string>

#include <gtest/gtest.h>

#include "format/formats.h"
#include "model/config.h"

namespace cellm {
namespace {

ModelConfig config_of(std::size_t layers, std::size_t sharing) {
  ModelConfig config;
  config.layers.resize(layers);
  config.heads = 2 * sharing;
  config.kv_heads = 2;
  return config;
}

std::string name_of(const char* mixture, TensorId id, std::size_t layers = 8,
                    std::size_t sharing = 2, bool tied = true, std::size_t cols = 256) {
  return format_choice_name(
      mixture_choice(*find_mixture(mixture), id, config_of(layers, sharing), tied, cols));
}

// The types that llama-quantize of v0.5.0 gives cellm-tiny.
TEST(Mixtures, GiveTheTypesOfLlamaQuantize) {
  for (const char* mixture : {"q4_0", "q4_k_s", "q4_k_m", "iq4_nl", "iq4_xs", "q3_k_s", "q2_k"}) {
    EXPECT_EQ(name_of(mixture, kEmbeddingId), "q6_k") << mixture;
    EXPECT_EQ(name_of(mixture, kOutputId), "q6_k") << mixture;
  }
  EXPECT_EQ(name_of("q8_0", kEmbeddingId), "q8_0");
  EXPECT_EQ(name_of("q4_0", kEmbeddingId, 8, 2, false), "q4_0");
  EXPECT_EQ(name_of("q4_k_s", {0, TensorRole::kGate}), "q4_k");
  for (const auto role : {TensorRole::kValue, TensorRole::kDeltaInput}) {
    EXPECT_EQ(name_of("q4_k_s", {3, role}), "q5_k");
    EXPECT_EQ(name_of("q4_k_s", {4, role}), "q4_k");
    EXPECT_EQ(name_of("q3_k_m", {1, role}), "q5_k");
    EXPECT_EQ(name_of("q3_k_m", {2, role}), "q4_k");
    EXPECT_EQ(name_of("q2_k", {2, role}), "q3_k");
    EXPECT_EQ(name_of("q2_k", {2, role}, 8, 4), "q4_k");
    EXPECT_EQ(name_of("q2_k_s", {2, role}), "q2_k");
    EXPECT_EQ(name_of("q2_k_s", {2, role}, 8, 4), "q4_k");
    EXPECT_EQ(name_of("iq4_nl", {2, role}), "iq4_nl");
    EXPECT_EQ(name_of("iq4_nl", {2, role}, 8, 4), "q5_k");
  }
  EXPECT_EQ(name_of("q4_k_s", {0, TensorRole::kDown}), "q5_k");
  EXPECT_EQ(name_of("q4_k_s", {1, TensorRole::kDown}), "q4_k");
  // Of 8 layers, 0, 3, 6 and 7.
  std::string more;
  for (std::size_t layer = 0; layer < 8; ++layer) {
    if (name_of("q4_k_m", {layer, TensorRole::kDown}) == "q6_k") more += std::to_string(layer);
  }
  EXPECT_EQ(more, "0367");
  EXPECT_EQ(name_of("q3_k_m", {0, TensorRole::kAttentionOutput}), "q4_k");
  EXPECT_EQ(name_of("q3_k_l", {0, TensorRole::kAttentionOutput}), "q5_k");
  EXPECT_EQ(name_of("q3_k_s", {0, TensorRole::kAttentionOutput}), "q3_k");
  for (const auto role : {TensorRole::kAttentionOutput, TensorRole::kDown}) {
    EXPECT_EQ(name_of("q2_k", {3, role}), "q3_k");
    EXPECT_EQ(name_of("q2_k_s", {3, role}), "q2_k");
  }
  EXPECT_EQ(name_of("q2_k_s", {0, TensorRole::kDown}), "q4_k");
  EXPECT_EQ(name_of("q2_k", {0, TensorRole::kQuery}), "q2_k");
}

TEST(Mixtures, TakeSmallerBlocksForRowsThatAreNoMultiple) {
  const TensorId gate{2, TensorRole::kGate};
  EXPECT_EQ(name_of("q4_k_m", gate, 8, 2, true, 576), "q5_0");
  EXPECT_EQ(name_of("q3_k_s", gate, 8, 2, true, 576), "q4_0");
  EXPECT_EQ(name_of("q2_k", gate, 8, 2, true, 576), "q4_0");
  EXPECT_EQ(name_of("q5_k_s", gate, 8, 2, true, 576), "q5_1");
  EXPECT_EQ(name_of("iq4_xs", gate, 8, 2, true, 576), "iq4_nl");
  EXPECT_EQ(name_of("q4_k_m", kEmbeddingId, 8, 2, true, 576), "q8_0");
  EXPECT_EQ(name_of("q4_0", gate, 8, 2, true, 48), "f16");
}

TEST(Mixtures, AreFoundByName) {
  EXPECT_EQ(find_mixture("q4_k_x"), nullptr);
  EXPECT_NE(mixture_names().find("q4_k_m"), std::string::npos);
}

}  // namespace
}  // namespace cellm
