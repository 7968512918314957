// Values of testdata/quantized, made by tools/make_quantized_fixtures.py; layouts that do not fit.

#include "io/quantized/quantized.h"

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "io/hf_folder.h"
#include "io/quantized/codes.h"
#include "io/safetensors_test_file.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

const fs::path kFixtures = fs::path(CELLM_TESTDATA) / "quantized";

std::vector<float> rows_of(const ModelSource& source, std::size_t index, std::size_t begin,
                           std::size_t end) {
  std::vector<float> values((end - begin) * source.tensors()[index].cols());
  source.read_rows(index, begin, end, values.data());
  return values;
}

TEST(Quantized, ValuesAreThoseOfTheLibraries) {
  std::size_t folders = 0;
  for (const auto& folder : fs::directory_iterator(kFixtures)) {
    SCOPED_TRACE(folder.path().filename().string());
    const auto source = open_hf_folder(folder.path());
    const auto weight = find_tensor(*source, "w.weight");
    const auto expected = find_tensor(*source, "expected");
    ASSERT_TRUE(weight && expected);
    const TensorInfo& info = source->tensors()[*weight];
    ASSERT_EQ(info.shape, source->tensors()[*expected].shape);
    const std::size_t rows = info.rows();
    const auto want = rows_of(*source, *expected, 0, rows);
    const auto got = rows_of(*source, *weight, 0, rows);
    EXPECT_EQ(std::memcmp(got.data(), want.data(), want.size() * sizeof(float)), 0);
    // In any pieces.
    std::vector<float> pieces;
    for (std::size_t row = 0; row < rows; row += 5) {
      const auto piece = rows_of(*source, *weight, row, std::min(rows, row + 5));
      pieces.insert(pieces.end(), piece.begin(), piece.end());
    }
    EXPECT_EQ(pieces, got);
    // All parts belong to it, but for the scales of activations.
    for (const TensorInfo& other : source->tensors()) {
      EXPECT_TRUE(other.name == "w.weight" || other.name == "expected" ||
                  other.name == "w.input_scale")
          << other.name;
    }
    EXPECT_GT(info.stored_bytes, 0U);
    EXPECT_LT(info.stored_bytes, rows * info.cols() * 3);
    EXPECT_EQ(source->weights(*weight), nullptr);
    ++folders;
  }
  EXPECT_EQ(folders, 30U);
}

TEST(Quantized, ConvertsTheTypesOfOneByte) {
  EXPECT_EQ(e4m3_to_f32(0x7E), 448.0F);
  EXPECT_TRUE(std::isnan(e4m3_to_f32(0x7F)));
  EXPECT_TRUE(std::isnan(e4m3_to_f32(0xFF)));
  EXPECT_EQ(e4m3_to_f32(0x81), -0x1p-9F);
  EXPECT_EQ(e5m2_to_f32(0x7B), 57344.0F);
  EXPECT_TRUE(std::isinf(e5m2_to_f32(0x7C)));
  EXPECT_EQ(e5m2_to_f32(0x01), 0x1p-16F);
  EXPECT_EQ(e8m0_to_f32(0), 0x1p-127F);
  EXPECT_EQ(e8m0_to_f32(254), 0x1p127F);
}

// A copy of a fixture whose configuration and tensors can be changed.
class Changed {
 public:
  explicit Changed(const std::string& fixture) {
    config = nlohmann::json::parse(file_bytes(kFixtures / fixture / "config.json"));
    const std::string file = file_bytes(kFixtures / fixture / "model.safetensors");
    std::uint64_t length = 0;
    std::memcpy(&length, file.data(), sizeof(length));
    const auto header = nlohmann::json::parse(file.substr(8, length));
    for (const auto& [name, entry] : header.items()) {
      const std::size_t begin = entry["data_offsets"][0];
      const std::size_t end = entry["data_offsets"][1];
      tensors.push_back(
          {name, entry["dtype"], entry["shape"], file.substr(8 + length + begin, end - begin)});
    }
  }

  TestTensor& at(const std::string& name) {
    for (TestTensor& tensor : tensors) {
      if (tensor.name == name) return tensor;
    }
    throw std::out_of_range(name);
  }
  void drop(const std::string& name) {
    std::erase_if(tensors, [&](const TestTensor& tensor) { return tensor.name == name; });
  }

  std::unique_ptr<ModelSource> open() const {
    folder_.write("config.json", config.dump());
    folder_.write("model.safetensors", safetensors_bytes(tensors));
    return open_hf_folder(folder_.path());
  }
  void expect_refused(std::string_view part, ErrorKind kind = ErrorKind::kData) const {
    expect_error(kind, part, [&] { open(); });
  }

  nlohmann::json config;
  std::vector<TestTensor> tensors;
  const TestFolder folder_;
};

TEST(Quantized, RefusesUnknownMethods) {
  Changed folder("gptq_4bit");
  auto& quantization = folder.config["quantization_config"];
  quantization["quant_method"] = "aqlm";
  folder.expect_refused(
      "quantization_config.quant_method \"aqlm\" is not supported; cellm reads MLX, GPTQ, AWQ",
      ErrorKind::kUnsupported);
  quantization["quant_method"] = "gptq";
  quantization["checkpoint_format"] = "marlin";
  folder.expect_refused("checkpoint_format \"marlin\" is not supported", ErrorKind::kUnsupported);

  Changed compressed("ct_int4");
  compressed.config["quantization_config"]["format"] = "marlin-24";
  compressed.expect_refused("format \"marlin-24\" is not supported", ErrorKind::kUnsupported);
  compressed.config["quantization_config"]["format"] = "pack-quantized";
  compressed.config["quantization_config"]["transform_config"] = {{"R1", 1}};
  compressed.expect_refused("rotated weights", ErrorKind::kUnsupported);

  Changed awq("awq");
  awq.config["quantization_config"]["version"] = "gemv";
  awq.expect_refused("version \"gemv\" is not supported", ErrorKind::kUnsupported);
}

TEST(Quantized, NeedsNoConfigurationWhereTensorsTell) {
  for (const char* name : {"gptq_4bit", "awq", "ct_int4", "ct_int8", "fp8_blocks_e8m0", "bnb_nf4",
                           "bnb_int8", "ct_mxfp4", "modelopt_nvfp4"}) {
    SCOPED_TRACE(name);
    Changed folder(name);
    folder.config = nlohmann::json::object();
    const auto source = folder.open();
    const auto weight = *find_tensor(*source, "w.weight");
    const auto expected = *find_tensor(*source, "expected");
    const std::size_t rows = source->tensors()[weight].rows();
    EXPECT_EQ(rows_of(*source, weight, 0, rows), rows_of(*source, expected, 0, rows));
  }
  Changed mlx("mlx_4bit");
  mlx.config = nlohmann::json::object();
  mlx.expect_refused("codes of MLX, but config.json has no \"quantization\"",
                     ErrorKind::kUnsupported);
}

TEST(Quantized, ReadsTheConfigurationOfOtherFiles) {
  Changed folder("gptq_4bit_act_order_v2");
  const std::string own = folder.config["quantization_config"].dump();
  folder.config = nlohmann::json::object();
  folder.folder_.write("quantize_config.json", own);
  const auto source = folder.open();
  const auto weight = *find_tensor(*source, "w.weight");
  EXPECT_EQ(rows_of(*source, weight, 0, 64),
            rows_of(*source, *find_tensor(*source, "expected"), 0, 64));
}

TEST(Quantized, RefusesPartsThatDoNotFit) {
  const auto without = [](const char* fixture, const std::string& part, std::string_view text) {
    Changed folder(fixture);
    folder.drop(part);
    folder.expect_refused(text);
  };
  without("gptq_4bit", "w.qzeros", "its part w.qzeros is missing");
  without("ct_int4", "w.weight_shape", "its part w.weight_shape is missing");
  without("ct_int4", "w.weight_scale", "its part w.weight_scale is missing");
  without("mlx_4bit", "w.biases", "its part w.biases is missing");
  without("bnb_nf4_nested", "w.weight.nested_absmax", "nested_absmax is missing");

  Changed act_order("gptq_8bit_act_order");
  act_order.at("w.g_idx").bytes[0] = 77;
  act_order.expect_refused("g_idx says group 77 of 2");
  Changed negative("gptq_8bit_act_order");
  negative.at("w.g_idx").bytes.replace(0, 4, "\xff\xff\xff\xff");
  negative.expect_refused("g_idx says group 4294967295 of 2");

  Changed shape("ct_int4");
  shape.at("w.weight_shape").bytes[0] = 13;
  shape.expect_refused("does not fit codes of shape");
  Changed empty("ct_int4");
  empty.at("w.weight_shape").bytes = std::string(16, '\0');
  empty.expect_refused("weight_shape says 0");

  Changed blocks("fp8_blocks");
  blocks.config["quantization_config"].erase("weight_block_size");
  blocks.expect_refused("does not fit codes of shape [40, 48]");

  Changed state("bnb_nf4");
  state.at("w.weight").bytes.resize(100);
  state.at("w.weight").shape = {100, 1};
  state.expect_refused("100 bytes of codes for 6 × 96 weights");

  Changed mlx("mlx_3bit");
  mlx.config["quantization"]["group_size"] = 128;
  mlx.expect_refused("256 columns of 3 bits do not make 8 groups of 128");
  mlx.config["quantization"]["bits"] = 7;
  mlx.expect_refused("7 bits; of MLX cellm reads 2, 3, 4, 5, 6 and 8", ErrorKind::kUnsupported);
}

TEST(Quantized, RefusesAWeightThatIsThereTwice) {
  Changed folder("gptq_4bit");
  folder.tensors.push_back({"w.weight", "F16", {2}, std::string(4, '\0')});
  folder.expect_refused("tensor w.weight is there twice");
}

}  // namespace
}  // namespace cellm
