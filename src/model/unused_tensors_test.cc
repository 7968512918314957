#include "model/unused_tensors.h"

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "io/hf_folder.h"
#include "io/safetensors_test_file.h"
#include "model/model.h"

namespace cellm {
namespace {

constexpr std::string_view kConfig =
    R"({"model_type":"llama","vocab_size":2,"hidden_size":2,"intermediate_size":2,
    "num_hidden_layers":1,"num_attention_heads":1,"max_position_embeddings":8})";

class Unused : public ::testing::Test {
 protected:
  Unused() { folder_.write("config.json", kConfig); }

  // A folder with the embedding, a query projection and these tensors.
  void fill(std::vector<TestTensor> more) {
    more.push_back(small_tensor("model.embed_tokens.weight"));
    more.push_back(small_tensor("model.layers.0.self_attn.q_proj.weight"));
    folder_.write("model.safetensors", safetensors_bytes(more));
    source_ = open_hf_folder(folder_.path());
    config_ = read_model_config(source_->config(), "test");
  }
  void expect_refused(TestTensor tensor, std::string_view part) {
    fill({std::move(tensor)});
    expect_error(ErrorKind::kUnsupported, part, [&] { refuse_unknown_tensors(*source_, config_); });
  }
  std::string note(std::vector<TestTensor> more) {
    fill(std::move(more));
    refuse_unknown_tensors(*source_, config_);
    return unused_tensors_note(*source_, config_);
  }

  const TestFolder folder_;
  std::unique_ptr<ModelSource> source_;
  ModelConfig config_;
};

TestTensor vector_of(const std::string& name, float value) {
  return {name, "F32", {2}, bytes_of(std::vector<float>{value, value})};
}

TEST_F(Unused, RefusesWhatWouldMakeAnotherModel) {
  expect_refused(vector_of("model.layers.0.self_attn.q_proj.bias", 0.5F),
                 "tensor model.layers.0.self_attn.q_proj.bias is a bias that models of type llama");
  expect_refused(vector_of("model.layers.0.self_attn.q_norm.weight", 1),
                 "self_attn.q_norm.weight is no part of models of type llama");
  expect_refused(small_tensor("model.layers.0.mlp.experts.0.up_proj.weight"), "is no part of");
  expect_refused(small_tensor("score.weight"), "tensor score.weight is the head of another task");
  expect_refused(small_tensor("classifier.dense.weight"), "is the head of another task");
}

TEST_F(Unused, NotesWhatDoesNotMatter) {
  EXPECT_EQ(note({}), "");
  // Some quantizers give every module a bias.
  EXPECT_EQ(note({vector_of("model.layers.0.self_attn.q_proj.bias", 0)}),
            "1 tensor is not used: model.layers.0.self_attn.q_proj.bias");
  EXPECT_EQ(note({{"model.layers.0.self_attn.masked_bias", "I64", {1}, std::string(8, 'x')}}),
            "1 tensor is not used: model.layers.0.self_attn.masked_bias");
  EXPECT_EQ(note({vector_of("a", 1), vector_of("model.layers.0.self_attn.rotary_emb.inv_freq", 1),
                  vector_of("model.layers.1.mlp.x", 1), vector_of("v_head.summary.weight", 1)}),
            "4 tensors are not used: a, model.layers.0.self_attn.rotary_emb.inv_freq, "
            "model.layers.1.mlp.x, ...");
  EXPECT_EQ(note({small_tensor("vision_tower.a"), small_tensor("mtp.fc.weight")}), "");
}

TEST_F(Unused, SaysWhyATensorIsMissing) {
  fill({{"model.norm.weight", "F16", {0}, ""}});
  expect_error(ErrorKind::kData,
               "tensor model.norm.weight is empty (saved by ZeRO-3 without gathering)",
               [&] { throw missing_tensor(*source_, "model.norm.weight"); });
  expect_error(ErrorKind::kData, "tensor model.norm is missing",
               [&] { throw missing_tensor(*source_, "model.norm"); });
  folder_.write(
      "model.safetensors.index.json",
      R"({"weight_map":{"model.embed_tokens.weight":"a.safetensors","x":"b.safetensors"}})");
  folder_.write("b.safetensors", safetensors_bytes({small_tensor("x")}));
  std::filesystem::remove(folder_.path() / "model.safetensors");
  const auto source = open_hf_folder(folder_.path());
  expect_error(ErrorKind::kData,
               "tensor model.embed_tokens.weight is missing: the download is not complete: "
               "a.safetensors is missing",
               [&] { text_prefix(*source); });
}

}  // namespace
}  // namespace cellm
