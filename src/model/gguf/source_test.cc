#include "model/gguf/source.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/test_models.h"
#include "format/half.h"
#include "io/json.h"
#include "model/gguf/test_source.h"

namespace cellm {
namespace {

const std::filesystem::path kTestData = CELLM_TESTDATA;

struct Expected {
  std::vector<std::size_t> shape;
  std::vector<float> values;
};

// A safetensors file of our own making, so without any checks.
std::map<std::string, Expected> read_safetensors(const std::filesystem::path& path) {
  const std::string bytes = read_file(path, 1U << 24);
  std::uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), sizeof(header_size));
  const Json header = Json::parse(bytes.substr(8, header_size));
  std::map<std::string, Expected> tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    Expected tensor;
    tensor.shape = entry["shape"].get<std::vector<std::size_t>>();
    tensor.values.resize(element_count(tensor.shape));
    const char* data = bytes.data() + 8 + header_size + entry["data_offsets"][0].get<std::size_t>();
    const bool half = entry["dtype"] == "BF16";
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      if (half) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, data + 2 * i, 2);
        tensor.values[i] = bf16_to_f32(bits);
      } else {
        std::memcpy(&tensor.values[i], data + 4 * i, 4);
      }
    }
    tensors[name] = std::move(tensor);
  }
  return tensors;
}

// A GGUF file that was made of the model of testdata/models that is named like its type.
struct Conversion {
  explicit Conversion(const std::string& name)
      : source(open_gguf(kTestData / "gguf" / (name + ".gguf"))) {
    const Json config = source->config();
    folder = kTestData / "models" / config["model_type"].get<std::string>();
    layers = config["num_hidden_layers"];
  }
  std::unique_ptr<ModelSource> source;
  std::filesystem::path folder;
  std::size_t layers;  // that the GGUF has of it
};

std::vector<std::string> conversions() {
  std::vector<std::string> names = stems(kTestData / "gguf", ".gguf");
  std::erase(names, "typed");
  return names;
}

constexpr std::string_view kLayers = "model.layers.";

class GgufConversion : public testing::TestWithParam<std::string> {};

// The files were converted as llama.cpp does it; what open_gguf() presents must be the original
// again.
TEST_P(GgufConversion, IsUndone) {
  const Conversion conversion(GetParam());
  const ModelSource* source = conversion.source.get();
  const auto expected = read_safetensors(conversion.folder / "model.safetensors");
  std::size_t expected_count = 0;
  for (const auto& [name, tensor] : expected) {
    if (name.starts_with(kLayers) && std::stoul(name.substr(kLayers.size())) >= conversion.layers) {
      continue;
    }
    ++expected_count;
    SCOPED_TRACE(name);
    const std::size_t index = index_of(*source, name);
    ASSERT_LT(index, source->tensors().size());
    EXPECT_EQ(source->tensors()[index].shape, tensor.shape);
    const std::vector<float> values = read_all(*source, index);
    ASSERT_EQ(values.size(), tensor.values.size());
    // Adding and subtracting 1 rounds at 2⁻²⁴, exp and log at one unit each.
    const bool shifted = GetParam() == "qwen35" && name.ends_with("norm.weight") &&
                         !name.ends_with("linear_attn.norm.weight");
    const float tolerance = shifted ? 0x1p-24F : name.ends_with("A_log") ? 4e-7F : 0.0F;
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_LE(std::abs(values[i] - tensor.values[i]), tolerance) << "element " << i;
    }
  }
  EXPECT_EQ(source->tensors().size(), expected_count);
  EXPECT_TRUE(std::ranges::is_sorted(source->tensors(), {}, &TensorInfo::name));
}

TEST_P(GgufConversion, ReadsAnyRows) {
  const Conversion conversion(GetParam());
  const ModelSource* source = conversion.source.get();
  for (std::size_t index = 0; index < source->tensors().size(); ++index) {
    const TensorInfo& info = source->tensors()[index];
    const std::vector<float> all = read_all(*source, index);
    const std::size_t rows = all.size() / info.cols();
    const std::size_t begin = rows / 3;
    const std::size_t end = rows - rows / 4;
    std::vector<float> some((end - begin) * info.cols());
    source->read_rows(index, begin, end, some.data());
    EXPECT_TRUE(std::equal(some.begin(), some.end(),
                           all.begin() + static_cast<std::ptrdiff_t>(begin * info.cols())))
        << info.name;
  }
}

TEST_P(GgufConversion, HasTheConfiguration) {
  const Conversion conversion(GetParam());
  const ModelSource* source = conversion.source.get();
  const Json config = source->config();
  Json original = Json::parse(read_file(conversion.folder / "config.json", 1U << 16));
  original["num_hidden_layers"] = conversion.layers;
  for (const auto& [key, value] : config.items()) {
    if (key == "eos_token_id" || key == "bos_token_id") continue;  // the files have no tokenizer
    if (key == "architectures" || !original.contains(key)) continue;
    EXPECT_EQ(value, original[key]) << key;
  }
  for (const char* key :
       {"model_type", "vocab_size", "hidden_size", "intermediate_size", "head_dim",
        "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "rms_norm_eps",
        "rope_parameters", "tie_word_embeddings", "max_position_embeddings", "hidden_act",
        "attention_bias"}) {
    EXPECT_TRUE(config.contains(key)) << key;
  }
}

INSTANTIATE_TEST_SUITE_P(All, GgufConversion, testing::ValuesIn(conversions()),
                         [](const auto& test) { return test.param; });

TEST(GgufSource, ReadsEveryNumberType) {
  const auto source = open_gguf(kTestData / "gguf" / "typed.gguf");
  const std::string expected = read_file(kTestData / "gguf" / "typed.rows", 1U << 20);
  std::map<std::string, int> types;
  std::size_t at = 0;
  for (std::size_t index = 0; index < source->tensors().size(); ++index) {
    const TensorInfo& info = source->tensors()[index];
    ++types[info.stored_as];
    const std::size_t rows = element_count(info.shape) / info.cols();
    std::vector<std::size_t> picked = {0};
    if (rows > 1) picked.insert(picked.end(), {1, rows - 1});
    std::vector<float> row(info.cols());
    for (const std::size_t i : picked) {
      source->read_rows(index, i, i + 1, row.data());
      ASSERT_LE(at + row.size() * sizeof(float), expected.size());
      EXPECT_EQ(std::memcmp(row.data(), expected.data() + at, row.size() * sizeof(float)), 0)
          << info.name << " row " << i;
      at += row.size() * sizeof(float);
    }
  }
  EXPECT_EQ(at, expected.size());
  EXPECT_EQ(types.size(), 9U);
  EXPECT_EQ(source->config()["tie_word_embeddings"], false);
}

TEST(GgufSource, GivesUnchangedFloatsInPlace) {
  const auto source = open_gguf(kTestData / "gguf" / "llama.gguf");
  for (const auto& [name, format] :
       std::map<std::string, FormatId>{{"model.embed_tokens.weight", FormatId::kBF16},
                                       {"model.layers.0.mlp.up_proj.weight", FormatId::kBF16},
                                       {"model.norm.weight", FormatId::kF32}}) {
    const std::size_t index = index_of(*source, name);
    const TensorInfo& info = source->tensors()[index];
    const MatrixPtr matrix = source->weights(index);
    ASSERT_NE(matrix, nullptr) << name;
    const Tensor* view = matrix->as_rows();
    ASSERT_NE(view, nullptr) << name;
    EXPECT_EQ(info.format, format);
    EXPECT_EQ(view->format, format);
    EXPECT_EQ(view->cols, info.cols());
    EXPECT_EQ(view->rows * view->cols, element_count(info.shape));
    const std::vector<float> values = read_all(*source, index);
    float last = 0;
    if (format == FormatId::kF32) {
      std::memcpy(&last, view->data + (values.size() - 1) * 4, 4);
    } else {
      std::uint16_t bits = 0;
      std::memcpy(&bits, view->data + (values.size() - 1) * 2, 2);
      last = bf16_to_f32(bits);
    }
    EXPECT_EQ(last, values.back());
  }
  const auto qwen35 = open_gguf(kTestData / "gguf" / "qwen35.gguf");
  EXPECT_EQ(qwen35->weights(index_of(*qwen35, "model.norm.weight")), nullptr);
  EXPECT_NE(qwen35->weights(index_of(*qwen35, "model.layers.3.self_attn.q_proj.weight")), nullptr);
}

// Matrices whose rows or columns the file has in another order.
TEST(GgufSource, ReordersHalvesAsTheyAre) {
  const auto expect_copy = [](const ModelSource& source, std::string_view name) {
    SCOPED_TRACE(name);
    const std::size_t index = index_of(source, name);
    const TensorInfo& info = source.tensors()[index];
    EXPECT_EQ(info.stored_as, "BF16");
    EXPECT_EQ(info.format, FormatId::kBF16);
    EXPECT_EQ(info.stored_format, FormatId::kBF16);
    EXPECT_EQ(info.stored_bytes, element_count(info.shape) * 2);
    EXPECT_EQ(source.copied_bytes(index), info.stored_bytes);
    const MatrixPtr matrix = source.weights(index);
    ASSERT_NE(matrix, nullptr);
    EXPECT_EQ(matrix, source.weights(index));  // made once
    const std::vector<float> values = read_all(source, index);
    std::vector<float> copied(values.size());
    for (std::size_t r = 0; r < info.rows(); ++r) matrix->read_row(r, &copied[r * info.cols()]);
    EXPECT_EQ(copied, values);
  };
  const auto llama = open_gguf(kTestData / "gguf" / "llama.gguf");
  expect_copy(*llama, "model.layers.0.self_attn.q_proj.weight");
  const auto qwen35 = open_gguf(kTestData / "gguf" / "qwen35.gguf");
  expect_copy(*qwen35, "model.layers.0.linear_attn.in_proj_z.weight");
  expect_copy(*qwen35, "model.layers.0.linear_attn.out_proj.weight");
}

TEST(GgufSource, ViewsOutliveTheSource) {
  MatrixPtr matrix;
  {
    const auto source = open_gguf(kTestData / "gguf" / "llama.gguf");
    matrix = source->weights(index_of(*source, "model.norm.weight"));
  }
  ASSERT_NE(matrix, nullptr);
  float first = 0;
  std::memcpy(&first, matrix->as_rows()->data, sizeof(first));
  EXPECT_TRUE(std::isfinite(first));
}

TEST(GgufSource, HasTokenizerTemplateAndEndTokens) {
  const auto source = open_gguf(kTestData / "gguf" / "llama.gguf");
  const TokenizerData data = source->tokenizer();
  const auto* tokenizer = std::get_if<GgufTokenizer>(&data);
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(tokenizer->model, "gpt2");
  EXPECT_EQ(tokenizer->pre, "smollm");
  ASSERT_EQ(tokenizer->tokens.size(), 320U);
  EXPECT_EQ(tokenizer->tokens[65], "A");
  EXPECT_EQ(tokenizer->tokens[258], "\u0120t");
  EXPECT_EQ(tokenizer->token_types.size(), 320U);
  EXPECT_EQ(tokenizer->token_types[300], 3);
  EXPECT_EQ(tokenizer->merges, (std::vector<std::string_view>{"t h", "th e", "\u0120 t"}));
  EXPECT_EQ(source->chat_template(), "{% for m in messages %}{{ m.content }}{% endfor %}");
  const Json config = source->config();
  EXPECT_EQ(config["eos_token_id"], 300);
  EXPECT_EQ(config["bos_token_id"], 299);
  // <|endoftext|> ends an answer too, although only <|im_end|> has a key.
  const Json generation = Json::parse(source->generation_config_json());
  EXPECT_EQ(generation["eos_token_id"], Json({300, 301}));

  const auto without = open_gguf(kTestData / "gguf" / "qwen3.gguf");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(without->tokenizer()));
  EXPECT_EQ(without->generation_config_json(), "");
  EXPECT_EQ(without->chat_template(), "");
  EXPECT_EQ(without->config()["eos_token_id"], nullptr);
}

}  // namespace
}  // namespace cellm
