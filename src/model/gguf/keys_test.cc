// Files built key by key: what their metadata says, and what is wrong with it.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/test_files.h"
#include "io/gguf_test_file.h"
#include "io/json.h"
#include "model/arch/family.h"
#include "model/gguf/source.h"
#include "model/gguf/test_source.h"
#include "model/gguf/tiny_gguf.h"

namespace cellm {
namespace {

TEST(GgufSource, DerivesWhatOlderFilesLeaveOut) {
  const Json config = open_built(tiny())->config();
  EXPECT_EQ(config["head_dim"], 4);
  EXPECT_EQ(config["num_key_value_heads"], 2);
  EXPECT_EQ(config["vocab_size"], 3);
  EXPECT_EQ(config["rms_norm_eps"], 1e-6);
  EXPECT_EQ(config["tie_word_embeddings"], true);
  EXPECT_EQ(config["rope_parameters"], Json({{"rope_type", "default"}, {"rope_theta", 10000.0}}));
}

TEST(GgufSource, RefusesWhatItDoesNotHave) {
  std::vector<std::string_view> known;
  for (const Family* family : families()) known.push_back(family->gguf.architecture);
  std::ranges::sort(known);
  expect_refused(
      tiny("gemma3"), ErrorKind::kUnsupported,
      fmt::format("architecture 'gemma3' is not supported; supported: {}", fmt::join(known, ", ")));
  expect_refused(tiny().u32("llama.expert_count", 8), ErrorKind::kUnsupported,
                 "llama.expert_count");
  expect_refused(tiny().u32("split.count", 3), ErrorKind::kData,
                 "is part 1 of 3, but is not named");
  expect_refused(tiny().u32("llama.rope.dimension_count", 2), ErrorKind::kUnsupported,
                 "rotating 2 of 4");
  expect_refused(tiny().u32("llama.attention.value_length", 8), ErrorKind::kUnsupported,
                 "keys of 4 and values of 8");
  expect_refused(tiny().boolean("llama.attention.causal", false), ErrorKind::kUnsupported,
                 "causal");
  expect_refused(tiny()
                     .u32("llama.nextn_predict_layers", 0)
                     .u32("llama.expert_count", 0)
                     .f32_tensor("blk.0.attn_q.bias", {8}, std::vector<float>(8)),
                 ErrorKind::kUnsupported, "tensor 'blk.0.attn_q.bias': biases are not supported");
  for (const std::string name : {"blk.1.attn_norm.weight", "blk.00.attn_norm.weight",
                                 "blk.x.attn_norm.weight", "blk.0.attn_qkv.weight", "extra.weight",
                                 "blk.0.attn_q_norm.weight", "blk.0.", "blk.", "output"}) {
    expect_refused(tiny().f32_tensor(name, {8}, std::vector<float>(8)), ErrorKind::kUnsupported,
                   "tensor '" + name + "' is no part of a supported model");
  }
}

TEST(GgufSource, TellsWhetherAQwen2HasBiases) {
  GgufBuilder builder = tiny("qwen2").f32("qwen2.rope.freq_base", 1e6F);
  const auto has_biases = [](const GgufBuilder& of) {
    return read_model_config(open_built(of)->config(), "test").layers[0].qkv_bias;
  };
  EXPECT_FALSE(has_biases(builder));
  builder.f32_tensor("blk.0.attn_q.bias", {8}, std::vector<float>(8));
  EXPECT_TRUE(has_biases(builder));
  const auto source = open_built(builder);
  EXPECT_EQ(source->tensors()[1].name, "model.layers.0.self_attn.q_proj.bias");
}

TEST(GgufSource, RefusesContradictions) {
  expect_refused(GgufBuilder().u32("x", 1), ErrorKind::kData, "'general.architecture' is missing");
  expect_refused(GgufBuilder().string("general.architecture", "llama"), ErrorKind::kData,
                 "key 'llama.block_count' is missing");
  expect_refused(
      GgufBuilder().string("general.architecture", "llama").f32("llama.block_count", 1.0F),
      ErrorKind::kData, "'llama.block_count': expected an integer, found a float");
  expect_refused(tiny("qwen3"), ErrorKind::kData, "qwen3.rope.freq_base");
  expect_refused(tiny().u32("llama.attention.head_count_kv", 3), ErrorKind::kData,
                 "2 heads are no multiple of 3");
  expect_refused(tiny().string("tokenizer.ggml.eos_token_id", "3"), ErrorKind::kData,
                 "eos_token_id");
  expect_refused(tiny().string_array("tokenizer.ggml.tokens", {"a", "b", "c", "d"}),
                 ErrorKind::kData, "has 4 tokens, but the embedding has only 3 rows");
  expect_refused(tiny().f32_tensor("blk.0.attn_q.weight", {8, 4}, std::vector<float>(32)),
                 ErrorKind::kData, "'blk.0.attn_q.weight': expected 8 rows, found 4");
  expect_refused(tiny().f32_tensor("blk.0.attn_norm.weight", {8, 1}, std::vector<float>(8)),
                 ErrorKind::kData, "expected 1 dimensions, found 2");
  const auto source = open_built(tiny().string("tokenizer.ggml.model", "gpt2"));
  EXPECT_THROW(source->tokenizer(), Error);
}

// Writers put −1 where a model has no such token.
TEST(GgufSource, TakesSpecialIdsOutsideOfTheVocabularyAsNone) {
  const auto with = [](std::uint32_t id) {
    GgufBuilder builder = tiny();
    builder.string("tokenizer.ggml.model", "gpt2")
        .string("tokenizer.ggml.pre", "llama-bpe")
        .string_array("tokenizer.ggml.tokens", {"a", "b", "c"})
        .boolean("tokenizer.ggml.add_bos_token", true);
    for (const char* name : {"bos", "eos", "eot", "eom", "padding", "unknown"}) {
      builder.u32(fmt::format("tokenizer.ggml.{}_token_id", name), id);
    }
    return open_built(builder);
  };
  for (const std::uint32_t none : {3U, 4U, 0xFFFFFFFFU}) {
    const auto source = with(none);
    EXPECT_EQ(source->config()["eos_token_id"], nullptr);
    EXPECT_EQ(source->config()["bos_token_id"], nullptr);
    EXPECT_EQ(source->generation_config_json(), "");
    EXPECT_TRUE(source->special_tokens()->empty());
    EXPECT_EQ(source->notes().size(), none == 0xFFFFFFFFU ? 0U : 6U);
    const TokenizerData data = source->tokenizer();
    EXPECT_EQ(std::get<GgufTokenizer>(data).bos_id, std::nullopt);
    EXPECT_EQ(std::get<GgufTokenizer>(data).add_bos, false);
  }
  EXPECT_EQ(with(4)->notes().front(),
            "tokenizer.ggml.bos_token_id 4 is ignored, there are 3 tokens");
  const auto source = with(2);
  EXPECT_TRUE(source->notes().empty());
  EXPECT_EQ(source->config()["eos_token_id"], 2);
  EXPECT_EQ(Json::parse(source->generation_config_json())["eos_token_id"], Json({2}));
  EXPECT_EQ(source->special_tokens()->at("unk_token"), "c");
  const TokenizerData data = source->tokenizer();
  EXPECT_EQ(std::get<GgufTokenizer>(data).bos_id, 2U);
  EXPECT_EQ(std::get<GgufTokenizer>(data).add_bos, true);

  GgufBuilder negative = tiny();
  negative.value("tokenizer.ggml.eos_token_id", GgufType::kI32, std::string(4, '\xFF'));
  EXPECT_EQ(open_built(negative)->config()["eos_token_id"], nullptr);
}

GgufBuilder tiny_qwen35(std::uint32_t blocks, std::uint32_t predicted) {
  GgufBuilder builder;
  builder.string("general.architecture", "qwen35")
      .u32("qwen35.block_count", blocks)
      .u32("qwen35.nextn_predict_layers", predicted)
      .u32("qwen35.context_length", 16)
      .u32("qwen35.embedding_length", 8)
      .u32("qwen35.feed_forward_length", 8)
      .u32("qwen35.attention.head_count", 2)
      .f32("qwen35.attention.layer_norm_rms_epsilon", 1e-6F)
      .f32("qwen35.rope.freq_base", 1e7F)
      .u32("qwen35.rope.dimension_count", 2)
      .i32_array("qwen35.rope.dimension_sections", {1, 0, 0, 0})
      .u32("qwen35.ssm.conv_kernel", 4)
      .u32("qwen35.ssm.group_count", 1)
      .u32("qwen35.ssm.time_step_rank", 2)
      .u32("qwen35.ssm.state_size", 2)
      .u32("qwen35.ssm.inner_size", 4)
      .f32_tensor("token_embd.weight", {8, 3}, std::vector<float>(24, 0.5F));
  return builder;
}

TEST(GgufSource, NamesFilesThatHoldNoModel) {
  const auto refused = [](const char* type, std::string_view part) {
    expect_refused(tiny().string("general.type", type), ErrorKind::kUnsupported, part);
  };
  refused("adapter", "is a LoRA adapter of a model of architecture llama, not a model");
  refused("mmproj", "is a projector for images (mmproj)");
  refused("imatrix", "is an importance matrix");
  expect_refused(tiny("clip"), ErrorKind::kUnsupported, "is a projector for images (mmproj)");
  GgufBuilder vocabulary;
  vocabulary.string("general.architecture", "llama").string_array("tokenizer.ggml.tokens", {"a"});
  expect_refused(vocabulary, ErrorKind::kUnsupported, "is a vocabulary without weights");
}

TEST(GgufSource, ReadsSizesOfLayers) {
  const auto heads = [](const std::vector<std::int32_t>& numbers) {
    return tiny().i32_array("llama.attention.head_count_kv", numbers);
  };
  EXPECT_EQ(open_built(heads({1}))->config()["num_key_value_heads"], 1);
  expect_refused(heads({1, 2}), ErrorKind::kUnsupported, "layers of 1 and of 2 are not supported");
  expect_refused(heads({0, 0}), ErrorKind::kData, "has no size");
  expect_refused(heads({-1}), ErrorKind::kData, "expected 1 to");
}

// Ollama's layout of Qwen3.5.
TEST(GgufSource, ReadsOllamasQwen35) {
  GgufBuilder builder = tiny_qwen35(4, 0);
  builder.i32_array("qwen35.attention.head_count_kv", {0, 2, 0, 0})
      .f32_tensor("blk.0.ssm_dt", {2}, {0.5F, 0.25F})
      .f32_tensor("v.blk.0.attn_q.weight", {2}, {1, 1})
      .f32_tensor("mm.0.weight", {2}, {1, 1})
      .f32_tensor("mtp.fc.weight", {2}, {1, 1});
  const auto source = open_built(builder);
  const auto& config = source->config();
  EXPECT_EQ(config["num_key_value_heads"], 2);
  EXPECT_EQ(config["layer_types"], Json::array({"linear_attention", "full_attention",
                                                "linear_attention", "linear_attention"}));
  ASSERT_EQ(source->tensors().size(), 2U);
  EXPECT_EQ(source->tensors()[1].name, "model.layers.0.linear_attn.dt_bias");
}

TEST(GgufSource, LeavesOutBlocksThatPredictFurtherTokens) {
  GgufBuilder builder = tiny_qwen35(5, 1);
  builder.f32_tensor("blk.3.attn_norm.weight", {8}, std::vector<float>(8, 1.5F))
      .f32_tensor("blk.4.attn_norm.weight", {8}, std::vector<float>(8, 1.5F))
      .f32_tensor("blk.4.nextn.eh_proj.weight", {16, 8}, std::vector<float>(128));
  const auto source = open_built(builder);
  const Json config = source->config();
  EXPECT_EQ(config["num_hidden_layers"], 4);
  EXPECT_EQ(config["layer_types"],
            Json({"linear_attention", "linear_attention", "linear_attention", "full_attention"}));
  ASSERT_EQ(source->tensors().size(), 2U);
  EXPECT_EQ(source->tensors()[1].name, "model.layers.3.input_layernorm.weight");
  EXPECT_EQ(read_all(*source, 1), std::vector<float>(8, 0.5F));

  builder.f32_tensor("blk.5.attn_norm.weight", {8}, std::vector<float>(8));
  expect_refused(builder, ErrorKind::kUnsupported, "blk.5.attn_norm.weight");
  expect_refused(tiny_qwen35(1, 1), ErrorKind::kData, "nextn_predict_layers");
}

TEST(GgufSource, HoldsLayersAgainstTheirKind) {
  GgufBuilder builder = tiny_qwen35(2, 0);
  builder.i32_array("qwen35.attention.recurrent_layers", {0, 1});
  EXPECT_EQ(open_built(builder)->config()["layer_types"],
            Json({"full_attention", "linear_attention"}));
  builder.f32_tensor("blk.0.ssm_a", {2}, {-1, -2});
  expect_refused(builder, ErrorKind::kUnsupported, "blk.0.ssm_a");
  expect_refused(tiny_qwen35(2, 0).i32_array("qwen35.attention.recurrent_layers", {0}),
                 ErrorKind::kData, "has 1 entries for 2 blocks");
}

// Two key heads with three value heads each: unlike in a square, the direction of the exchange
// shows. llama.cpp stores value head h of key head k in place 2h + k, Hugging Face in place 3k + h.
TEST(GgufSource, PutsValueHeadsBackInOrder) {
  const std::vector<float> stored = {0, 3, 1, 4, 2, 5};
  std::vector<float> blocks;  // two numbers per head
  for (const float head : stored) blocks.insert(blocks.end(), {head, head + 0.5F});
  GgufBuilder builder;
  builder.string("general.architecture", "qwen35")
      .u32("qwen35.block_count", 1)
      .u32("qwen35.context_length", 16)
      .u32("qwen35.embedding_length", 1)
      .u32("qwen35.feed_forward_length", 8)
      .u32("qwen35.attention.head_count", 1)
      .u32("qwen35.attention.key_length", 4)
      .f32("qwen35.attention.layer_norm_rms_epsilon", 1e-6F)
      .f32("qwen35.rope.freq_base", 1e7F)
      .u32("qwen35.rope.dimension_count", 2)
      .i32_array("qwen35.rope.dimension_sections", {1, 0, 0, 0})
      .u32("qwen35.ssm.conv_kernel", 4)
      .u32("qwen35.ssm.group_count", 2)
      .u32("qwen35.ssm.time_step_rank", 6)
      .u32("qwen35.ssm.state_size", 1)
      .u32("qwen35.ssm.inner_size", 12)
      .f32_tensor("token_embd.weight", {1, 3}, {1, 2, 3})
      .f32_tensor("blk.0.ssm_dt.bias", {6}, stored)
      .f32_tensor("blk.0.attn_gate.weight", {1, 12}, blocks)
      .f32_tensor("blk.0.ssm_out.weight", {12, 1}, blocks);
  std::vector<float> qkv = {-1, -2, -3, -4};  // queries and keys keep their places
  qkv.insert(qkv.end(), blocks.begin(), blocks.end());
  builder.f32_tensor("blk.0.attn_qkv.weight", {1, 16}, qkv);

  const auto source = open_built(builder);
  const auto read = [&source](const std::string& name) {
    return read_all(*source, index_of(*source, "model.layers.0.linear_attn." + name));
  };
  EXPECT_EQ(read("dt_bias"), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  const std::vector<float> ordered = {0, 0.5F, 1, 1.5F, 2, 2.5F, 3, 3.5F, 4, 4.5F, 5, 5.5F};
  EXPECT_EQ(read("in_proj_z.weight"), ordered);
  EXPECT_EQ(read("out_proj.weight"), ordered);
  std::vector<float> ordered_qkv = {-1, -2, -3, -4};
  ordered_qkv.insert(ordered_qkv.end(), ordered.begin(), ordered.end());
  EXPECT_EQ(read("in_proj_qkv.weight"), ordered_qkv);
}

TEST(GgufSource, RefusesDecaysWithoutLogarithm) {
  for (const float bad : {0.0F, 1.0F, std::numeric_limits<float>::quiet_NaN(),
                          -std::numeric_limits<float>::infinity()}) {
    const auto source = open_built(tiny_qwen35(1, 0).f32_tensor("blk.0.ssm_a", {2}, {-1.0F, bad}));
    ASSERT_EQ(source->tensors().size(), 2U);
    EXPECT_THROW(read_all(*source, 1), Error);
  }
}

// Every byte of a whole model's header changed: an error or a model, all of whose rows can be read.
TEST(GgufSource, SurvivesDamage) {
  GgufBuilder builder = tiny_qwen35(1, 0);
  builder.f32_tensor("blk.0.attn_qkv.weight", {8, 8}, std::vector<float>(64))
      .f32_tensor("blk.0.ssm_a", {2}, {-1, -2})
      .f32_tensor("output.weight", {8, 3}, std::vector<float>(24))
      .string("tokenizer.ggml.model", "gpt2")
      .string_array("tokenizer.ggml.tokens", {"a", "b", "c"})
      .i32_array("tokenizer.ggml.token_type", {1, 1, 3})
      .u32("tokenizer.ggml.eos_token_id", 2)
      .f32("general.sampling.temp", 0.6F);
  const std::string bytes = builder.bytes();
  const TemporaryFile disk;
  int opened = 0;
  for (std::size_t at = 0; at < builder.header().size(); ++at) {
    const auto original = static_cast<unsigned char>(bytes[at]);
    for (const unsigned value : {0U, 0xFFU, original ^ 0xFFU, original ^ 1U}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(value);
      try {
        const auto source = open_gguf(disk.write(changed));
        ++opened;
        for (std::size_t index = 0; index < source->tensors().size(); ++index) {
          source->weights(index);
          read_all(*source, index);
        }
        source->tokenizer();
      } catch (const Error&) {
      }
    }
  }
  EXPECT_GT(opened, 0);
}

}  // namespace
}  // namespace cellm
