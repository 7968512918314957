// Scales in the metadata and tensors of a file: of the rotary frequencies and of matrices.

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/json.h"
#include "model/gguf/tiny_gguf.h"

namespace cellm {
namespace {

Json rope_of(const GgufBuilder& builder) {
  return open_built(builder)->config()["rope_parameters"];
}

TEST(GgufSource, ExpressesRopeScaling) {
  EXPECT_EQ(rope_of(tiny().f32("llama.rope.scaling.factor", 4.0F)),
            Json({{"rope_type", "linear"}, {"rope_theta", 10000.0}, {"factor", 4.0}}));
  EXPECT_EQ(rope_of(tiny()
                        .string("llama.rope.scaling.type", "none")
                        .f32("llama.rope.scaling.factor", 4.0F))["rope_type"],
            "default");
  EXPECT_EQ(
      rope_of(tiny().f32_tensor("rope_freqs.weight", {2}, {1.0F, 8.0F})),
      Json(
          {{"rope_type", "cellm_rope_factors"}, {"rope_theta", 10000.0}, {"factors", {1.0, 8.0}}}));
  EXPECT_EQ(open_built(tiny().f32_tensor("rope_freqs.weight", {2}, {1.0F, 8.0F}))->tensors().size(),
            1U);
  EXPECT_EQ(rope_of(tiny()
                        .string("llama.rope.scaling.type", "yarn")
                        .f32("llama.rope.scaling.factor", 4)
                        .f32("llama.rope.scaling.yarn_beta_fast", 20)
                        .u32("llama.rope.scaling.original_context_length", 8)),
            Json({{"rope_type", "yarn"},
                  {"rope_theta", 10000.0},
                  {"factor", 4.0},
                  {"beta_fast", 20.0},
                  {"original_max_position_embeddings", 8}}));
  expect_refused(tiny().string("llama.rope.scaling.type", "longrep"), ErrorKind::kUnsupported,
                 "longrep");
  expect_refused(tiny().f32("llama.rope.scaling.factor", -1), ErrorKind::kData, "positive");
  expect_refused(tiny().f32_tensor("rope_freqs.weight", {2}, {1.0F, 0.0F}), ErrorKind::kData,
                 "rope_freqs.weight");
  expect_refused(tiny().f32_tensor("rope_freqs.weight", {4}, {1, 1, 1, 1}), ErrorKind::kData,
                 "expected 2 numbers");
}

// The context of tiny() is 16.
TEST(GgufSource, ExpressesLongRope) {
  const auto with = [](std::uint32_t original) {
    return tiny()
        .string("llama.rope.scaling.type", "longrope")
        .u32("llama.rope.scaling.original_context_length", original)
        .f32_tensor("rope_factors_long.weight", {2}, {1.5F, 8.0F})
        .f32_tensor("rope_factors_short.weight", {2}, {1.0F, 1.25F});
  };
  EXPECT_EQ(rope_of(with(8).f32("llama.rope.scaling.attn_factor", 1.25F)),
            Json({{"rope_type", "cellm_rope_factors"},
                  {"rope_theta", 10000.0},
                  {"factors", {1.5, 8.0}},
                  {"attention_factor", 1.25}}));
  EXPECT_EQ(rope_of(with(8).f32("llama.rope.scaling.factor", 2.0F))["factors"], Json({3.0, 16.0}));
  EXPECT_EQ(rope_of(with(16))["factors"], Json({1.0, 1.25}));
  EXPECT_EQ(open_built(with(8))->tensors().size(), 1U);
  expect_refused(tiny().string("llama.rope.scaling.type", "longrope"), ErrorKind::kData,
                 "tensor 'rope_factors_short.weight' is missing");
  expect_refused(tiny()
                     .string("llama.rope.scaling.type", "longrope")
                     .f32_tensor("rope_factors_short.weight", {2}, {0.0F, 1.0F}),
                 ErrorKind::kData, "expected positive factors");
  expect_refused(
      tiny("qwen2").f32("qwen2.rope.freq_base", 1e6F).string("qwen2.rope.scaling.type", "longrope"),
      ErrorKind::kUnsupported, "longrope");
}

// As the converter of llama.cpp stores the second scale of ModelOpt's NVFP4.
TEST(GgufSource, MultipliesAMatrixByItsScale) {
  const std::vector<float> ones(64, 1.0F);
  const auto with = [&](const std::vector<float>& scale) {
    return tiny()
        .f32_tensor("blk.0.attn_q.weight", {8, 8}, ones)
        .f32_tensor("blk.0.attn_output.weight", {8, 8}, ones)
        .f32_tensor("blk.0.attn_output.scale", {1}, {1.0F})
        .f32_tensor("blk.0.attn_q.scale", {scale.size()}, scale)
        .f32_tensor("blk.0.attn_q.input_scale", {1}, {3.0F});
  };
  const auto source = open_built(with({0.25F}));
  ASSERT_EQ(source->tensors().size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string& name = source->tensors()[i].name;
    const bool scaled = name.ends_with("q_proj.weight");
    std::vector<float> row(8);
    source->read_rows(i, 1, 2, row.data());
    EXPECT_EQ(row[5], scaled ? 0.25F : name.ends_with("o_proj.weight") ? 1.0F : 0.5F) << name;
    EXPECT_EQ(source->weights(i) == nullptr, scaled) << name;
  }
  expect_refused(with({1.0F, 2.0F}), ErrorKind::kData, "'blk.0.attn_q.scale': expected 1 number");
  expect_refused(with({HUGE_VALF}), ErrorKind::kData, "expected a number, found inf");
  expect_refused(tiny().f32_tensor("blk.0.attn_q.scale", {1}, {2.0F}), ErrorKind::kUnsupported,
                 "'blk.0.attn_q.scale' is no part of a supported model");
}

}  // namespace
}  // namespace cellm
