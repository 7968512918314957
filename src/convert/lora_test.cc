// Adapters merged into the tiny Llama of testdata; expected values are W + scale · B · A in double.

#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/advice.h"
#include "base/test_files.h"
#include "convert/lora_source.h"
#include "io/gguf_test_file.h"
#include "io/model_checksum.h"
#include "io/safetensors_test_file.h"
#include "model/open_source.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

const fs::path kBase = fs::path(CELLM_TESTDATA) / "models" / "llama";
const std::string kQuery = "model.layers.0.self_attn.q_proj";
const std::string kUp = "model.layers.1.mlp.up_proj";

// Some numbers that differ in every element.
std::vector<float> numbers(std::size_t count, float seed) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = 0.05F * std::sin(seed + 1.7F * static_cast<float>(i));
  }
  return values;
}

TestTensor matrix(const std::string& name, std::size_t rows, std::size_t cols, float seed) {
  return {name, "F32", {rows, cols}, bytes_of(numbers(rows * cols, seed))};
}

std::vector<float> values_of(const ModelSource& source, const std::string& name) {
  const auto index = find_tensor(source, name);
  EXPECT_TRUE(index) << name;
  const TensorInfo& info = source.tensors()[*index];
  std::vector<float> values(info.rows() * info.cols());
  for (std::size_t row = 0; row < info.rows(); row += 7) {  // in pieces
    const std::size_t end = std::min(row + 7, info.rows());
    source.read_rows(*index, row, end, values.data() + row * info.cols());
  }
  return values;
}

class Lora : public ::testing::Test {
 protected:
  Lora() : base_(open_model_source(kBase)) { config_ = {{"r", 4}, {"lora_alpha", 8}}; }

  const TensorInfo& info(const std::string& name) const {
    return base_->tensors()[*find_tensor(*base_, name)];
  }
  // lora_A and lora_B of a module.
  void add(const std::string& module, std::size_t rank = 4) {
    const TensorInfo& weight = info(module + ".weight");
    const std::string name = "base_model.model." + module;
    tensors_.push_back(matrix(name + ".lora_A.weight", rank, weight.cols(), 1));
    tensors_.push_back(matrix(name + ".lora_B.weight", weight.rows(), rank, 2));
  }
  fs::path adapter() const {
    folder_.write("adapter_config.json", config_.dump());
    folder_.write("adapter_model.safetensors", safetensors_bytes(tensors_));
    return folder_.path();
  }
  MergedModel merge(double scale = 1.0) const {
    return merge_adapters(open_model_source(kBase), {{adapter(), scale}}, Links::kInside);
  }
  void expect_refused(std::string_view part, ErrorKind kind = ErrorKind::kData) const {
    expect_error(kind, part, [&] { merge(); });
  }
  // The weight plus scale · B · A of rank `rank`.
  std::vector<double> expected(const std::string& module, double scale,
                               std::size_t rank = 4) const {
    const TensorInfo& weight = info(module + ".weight");
    const std::vector<float> w = values_of(*base_, module + ".weight");
    const std::vector<float> a = numbers(rank * weight.cols(), 1);
    const std::vector<float> b = numbers(weight.rows() * rank, 2);
    std::vector<double> result(w.begin(), w.end());
    for (std::size_t r = 0; r < weight.rows(); ++r) {
      for (std::size_t c = 0; c < weight.cols(); ++c) {
        for (std::size_t k = 0; k < rank; ++k) {
          result[r * weight.cols() + c] += scale * static_cast<double>(b[r * rank + k]) *
                                           static_cast<double>(a[k * weight.cols() + c]);
        }
      }
    }
    return result;
  }
  static void expect_near(const std::vector<float>& got, const std::vector<double>& want) {
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      ASSERT_NEAR(got[i], want[i], 1e-6 * (1.0 + std::fabs(want[i]))) << i;
    }
  }

  std::unique_ptr<ModelSource> base_;
  nlohmann::json config_;
  std::vector<TestTensor> tensors_;
  TestFolder folder_;
};

TEST_F(Lora, AddsItsMatrices) {
  add(kQuery);
  add(kUp);
  const MergedModel merged = merge();
  expect_near(values_of(*merged.source, kQuery + ".weight"), expected(kQuery, 2));
  expect_near(values_of(*merged.source, kUp + ".weight"), expected(kUp, 2));
  // Others are as they were, and in place.
  EXPECT_EQ(merged.source->tensors().size(), base_->tensors().size());
  const std::string other = "model.layers.0.self_attn.k_proj.weight";
  EXPECT_EQ(values_of(*merged.source, other), values_of(*base_, other));
  EXPECT_NE(merged.source->weights(*find_tensor(*merged.source, other)), nullptr);
  const auto changed = *find_tensor(*merged.source, kQuery + ".weight");
  EXPECT_EQ(merged.source->weights(changed), nullptr);
  EXPECT_EQ(merged.source->tensors()[changed].format, kExactFormat);
  ASSERT_EQ(merged.adapters.size(), 1U);
  EXPECT_EQ(merged.adapters[0].name, folder_.path().filename().string());
  EXPECT_EQ(merged.adapters[0].checksum.size(), 16U);
}

TEST_F(Lora, ScalesAsPeftDoes) {
  add(kQuery);
  add(kUp, 2);
  config_["use_rslora"] = true;
  config_["rank_pattern"] = {{"up_proj", 2}};
  config_["alpha_pattern"] = {{"model.layers.[01].mlp.up_proj", 3}, {"proj", 100}};
  const MergedModel merged = merge(0.5);
  expect_near(values_of(*merged.source, kQuery + ".weight"), expected(kQuery, 0.5 * 8 / 2));
  expect_near(values_of(*merged.source, kUp + ".weight"),
              expected(kUp, 0.5 * 3 / std::sqrt(2.0), 2));
}

TEST_F(Lora, MergesSeveral) {
  add(kQuery);
  const fs::path path = adapter();
  const MergedModel merged =
      merge_adapters(open_model_source(kBase), {{path, 1.0}, {path, -0.25}}, Links::kInside);
  expect_near(values_of(*merged.source, kQuery + ".weight"), expected(kQuery, 2 * 0.75));
  EXPECT_EQ(merged.adapters.size(), 2U);
  EXPECT_EQ(merged.adapters[1].scale, -0.25);
  // The identity of the model depends on what is merged.
  const auto other = merge_adapters(open_model_source(kBase), {{path, 1.0}}, Links::kInside);
  EXPECT_NE(model_checksum(*merged.source), model_checksum(*other.source));
  EXPECT_NE(model_checksum(*other.source), model_checksum(*base_));
}

TEST_F(Lora, ChangesEmbeddings) {
  const TensorInfo& weight = info("model.embed_tokens.weight");
  const std::string name = "base_model.model.model.embed_tokens.lora_embedding_";
  tensors_ = {matrix(name + "A", 4, weight.rows(), 1), matrix(name + "B", weight.cols(), 4, 2)};
  std::vector<double> want;
  const std::vector<float> w = values_of(*base_, "model.embed_tokens.weight");
  const std::vector<float> a = numbers(4 * weight.rows(), 1);
  const std::vector<float> b = numbers(weight.cols() * 4, 2);
  for (std::size_t token = 0; token < weight.rows(); ++token) {
    for (std::size_t c = 0; c < weight.cols(); ++c) {
      double sum = w[token * weight.cols() + c];
      for (std::size_t k = 0; k < 4; ++k) {
        sum += 2.0 * static_cast<double>(b[c * 4 + k]) *
               static_cast<double>(a[k * weight.rows() + token]);
      }
      want.push_back(sum);
    }
  }
  expect_near(values_of(*merge().source, "model.embed_tokens.weight"), want);
}

TEST_F(Lora, ReplacesModulesToSave) {
  const TensorInfo& norm = info("model.norm.weight");
  const TensorInfo& embedding = info("model.embed_tokens.weight");
  add(kQuery);
  tensors_.push_back({"base_model.model.model.norm.modules_to_save.default.weight", "F32",
                      norm.shape, bytes_of(numbers(norm.cols(), 5))});
  tensors_.push_back(
      matrix("base_model.model.lm_head.weight", embedding.rows(), embedding.cols(), 6));
  const MergedModel merged = merge();
  EXPECT_EQ(values_of(*merged.source, "model.norm.weight"), numbers(norm.cols(), 5));
  // A tied model has an output matrix of its own from then on.
  EXPECT_EQ(values_of(*merged.source, "lm_head.weight"),
            numbers(embedding.rows() * embedding.cols(), 6));
  expect_error(ErrorKind::kUsage, "takes the place of the base's", [&] { merge(0.5); });
}

// Rows of queries are in another order in llama.cpp's files: those of a head as pairs.
TEST_F(Lora, ReadsAdaptersOfLlamaCpp) {
  add(kQuery);
  const TensorInfo& weight = info(kQuery + ".weight");
  const Json& config = base_->config();
  const std::size_t head = config.at("hidden_size").get<std::size_t>() /
                           config.at("num_attention_heads").get<std::size_t>();
  const std::vector<float> b = numbers(weight.rows() * 4, 2);
  std::vector<float> stored(b.size());
  for (std::size_t row = 0; row < weight.rows(); ++row) {
    const std::size_t in_head = row % head;
    const std::size_t place = row - in_head + in_head % (head / 2) * 2 + in_head / (head / 2);
    for (std::size_t k = 0; k < 4; ++k) stored[place * 4 + k] = b[row * 4 + k];
  }
  const auto build = [&](const char* architecture, const char* name) {
    GgufBuilder builder;
    builder.string("general.architecture", architecture)
        .string("general.type", "adapter")
        .string("adapter.type", "lora")
        .f32("adapter.lora.alpha", 8)
        .f32_tensor(std::string(name) + ".lora_a", {weight.cols(), 4},
                    numbers(4 * weight.cols(), 1))
        .f32_tensor(std::string(name) + ".lora_b", {4, weight.rows()}, stored);
    return folder_.write("a.gguf", builder.bytes());
  };
  const auto merge_file = [&](const fs::path& path) {
    return merge_adapters(open_model_source(kBase), {{path, 1.0}}, Links::kInside);
  };
  const MergedModel merged = merge_file(build("llama", "blk.0.attn_q.weight"));
  expect_near(values_of(*merged.source, kQuery + ".weight"), expected(kQuery, 2));
  const auto refused = [&](const char* architecture, const char* name, ErrorKind kind,
                           std::string_view part) {
    expect_error(kind, part, [&] { merge_file(build(architecture, name)); });
  };
  refused("qwen2", "blk.0.attn_q.weight", ErrorKind::kUnsupported,
          "of a model of architecture qwen2, the base is llama");
  refused("llama", "blk.99.attn_q.weight", ErrorKind::kData, "is none of a llama model");
  refused("llama", "blk.0.attn_k.weight", ErrorKind::kData, "has shape");
}

TEST_F(Lora, RefusesWhatDoesNotApply) {
  tensors_ = {matrix("base_model.model.model.layers.9.mlp.up_proj.lora_A.weight", 4, 8, 1),
              matrix("base_model.model.model.layers.9.mlp.up_proj.lora_B.weight", 8, 4, 2)};
  expect_refused("tensor model.layers.9.mlp.up_proj.weight has no counterpart in");
  tensors_.pop_back();
  expect_refused("has only one of the two matrices");
  tensors_.clear();
  expect_refused("the adapter has no tensors");
  const std::string name = "base_model.model." + kUp;
  tensors_ = {matrix(name + ".lora_A.weight", 4, 8, 1), matrix(name + ".lora_B.weight", 8, 4, 2)};
  expect_refused("tensor " + kUp + ".weight has shape [8, 8], that of");
  config_["r"] = 8;
  expect_refused("the rank is 8");
  tensors_.clear();
  config_ = {{"r", 4}, {"lora_alpha", 8}};
  add(kUp);
  const auto variant = [&](const char* key, const nlohmann::json& value, std::string_view part) {
    config_[key] = value;
    expect_refused(part, ErrorKind::kUnsupported);
    config_.erase(key);
  };
  variant("peft_type", "IA3", "peft_type \"IA3\" is not supported");
  variant("use_dora", true, "use_dora is not supported");
  variant("init_lora_weights", "pissa_niter_4", "changes the base's weights");
  tensors_.push_back({name + ".lora_magnitude_vector.weight", "F32", {1}, std::string(4, '\0')});
  expect_refused("DoRA is not supported", ErrorKind::kUnsupported);
  fs::remove(folder_.path() / "adapter_model.safetensors");
  folder_.write("adapter_model.bin", "");
  expect_error(ErrorKind::kUnsupported, "adapter_model.bin is a PyTorch file", [&] {
    merge_adapters(open_model_source(kBase), {{folder_.path(), 1.0}}, Links::kInside);
  });
  fs::remove(folder_.path() / "adapter_config.json");
  expect_error(ErrorKind::kData, "no adapter_config.json in this folder", [&] {
    merge_adapters(open_model_source(kBase), {{folder_.path(), 1.0}}, Links::kInside);
  });
}

TEST(LoraRequest, ReadsScales) {
  EXPECT_EQ(parse_lora_request("a/b:0.5").scale, 0.5);
  EXPECT_EQ(parse_lora_request("a/b:0.5").path, fs::path("a/b"));
  EXPECT_EQ(parse_lora_request("a/b").scale, 1.0);
  for (const char* text : {"a:x", "a:", "a:inf", "a:1x"}) {
    expect_error(ErrorKind::kUsage, "expected ADAPTER or ADAPTER:SCALE",
                 [&] { parse_lora_request(text); });
  }
}

}  // namespace
}  // namespace cellm
