#include "convert/convert.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "base/test_files.h"
#include "format/formats.h"
#include "io/cellm_file.h"
#include "io/safetensors.h"
#include "model/open_source.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const OpenedModel> test_model(const std::string& name) {
  return open_model(fs::path(CELLM_TESTDATA) / "models" / name);
}

ConvertOptions general(const char* body) {
  ConvertOptions options;
  options.formats =
      GeneralFormats{parse_format_choice(body), {FormatId::kI8, 0}, {FormatId::kI8, 0}};
  options.settle_lm_head = true;
  return options;
}

std::string converted(const OpenedModel& source, const ConvertPlan& plan, const fs::path& path,
                      unsigned threads) {
  ThreadPool pool(threads);
  convert(source, plan, path, pool, {});
  EXPECT_EQ(fs::file_size(path), plan.file_bytes);
  return file_bytes(path);
}

TEST(Convert, IsTheReferenceQuantizationRowByRow) {
  for (const char* model : {"qwen3_untied_f32", "qwen3_5_text_ragged", "qwen3_mlx_4bit", "llama"}) {
    const auto source = test_model(model);
    for (const char* body : {"f16", "int8", "int4", "int4-g32", "int2", "q1", "fp8"}) {
      const TestFolder folder;
      const auto path = folder.path() / "m.cellm";
      const ConvertPlan plan = plan_conversion(*source, general(body));
      converted(*source, plan, path, 2);
      EXPECT_GT(verify_cellm(open_cellm_file(path)), 0U);
      const auto file = open_model_source(path);
      for (const auto& tensor : plan.tensors) {
        const auto index = find_tensor(*file, tensor.name);
        ASSERT_TRUE(index) << tensor.name;
        const auto& format = format_spec(tensor.choice.format);
        const std::size_t cols = tensor.info.cols();
        std::vector<float> values(cols);
        std::vector<float> got(cols);
        std::vector<float> want(cols);
        std::vector<std::byte> codes(format.row_bytes(cols));
        std::vector<std::uint16_t> scales(tensor.shape.group == 0 ? 0 : cols / tensor.shape.group);
        for (std::size_t row = 0; row < tensor.info.rows(); ++row) {
          source->source().read_rows(tensor.source_index, row, row + 1, values.data());
          format.quantize_row(values.data(), cols, tensor.shape.group, codes.data(), scales.data());
          format.dequantize_row(codes.data(), scales.data(), cols, tensor.shape.group, want.data());
          file->read_rows(*index, row, row + 1, got.data());
          ASSERT_EQ(got, want) << model << " " << body << " " << tensor.name << " row " << row;
        }
      }
    }
  }
}

// Packed or not, a file holds the same values; what has no packed form is stored as ever.
TEST(Convert, PackedFilesHoldTheSameWeights) {
  for (const char* model : {"qwen3_untied_f32", "qwen3_5_text_ragged", "llama"}) {
    const auto source = test_model(model);
    for (const char* body : {"f16", "int8", "int4", "int4-g32", "int4-g128", "int2", "q1"}) {
      const TestFolder folder;
      ConvertOptions options = general(body);
      converted(*source, plan_conversion(*source, options), folder.path() / "rows.cellm", 2);
      options.packed = true;
      const ConvertPlan plan = plan_conversion(*source, options);
      const std::string two = converted(*source, plan, folder.path() / "packed.cellm", 2);
      EXPECT_TRUE(two == converted(*source, plan, folder.path() / "again.cellm", 1));
      EXPECT_GT(verify_cellm(open_cellm_file(folder.path() / "packed.cellm")), 0U);
      const auto rows = open_model_source(folder.path() / "rows.cellm");
      const auto packed = open_model_source(folder.path() / "packed.cellm");
      ASSERT_EQ(rows->tensors().size(), packed->tensors().size());
      std::size_t in_packed_form = 0;
      for (std::size_t i = 0; i < rows->tensors().size(); ++i) {
        const TensorInfo& info = rows->tensors()[i];
        ASSERT_EQ(info.name, packed->tensors()[i].name);
        ASSERT_EQ(info.shape, packed->tensors()[i].shape);
        in_packed_form += &packed->weights(i)->layout() == &kPackedLayout ? 1U : 0U;
        std::vector<float> want(info.rows() * info.cols());
        std::vector<float> got(want.size());
        rows->read_rows(i, 0, info.rows(), want.data());
        packed->read_rows(i, 0, info.rows(), got.data());
        ASSERT_EQ(got, want) << model << " " << body << " " << info.name;
      }
      EXPECT_GT(in_packed_form, 0U) << model << " " << body;
    }
  }
}

// The relative squared error of a format is hardly more than on Gaussian weights, on any tensor.
TEST(Convert, TrellisCodesAreNearTheWeights) {
  for (const auto& [body, most] : {std::pair{"t4", 0.008}, {"t2", 0.09}, {"t1h", 0.17}}) {
    for (const char* model : {"qwen3_untied_f32", "qwen3_5_text_ragged", "llama"}) {
      const auto source = test_model(model);
      const TestFolder folder;
      ConvertOptions options = general(body);
      std::get<GeneralFormats>(options.formats).embedding = parse_format_choice(body);
      options.rotation = 3;
      const ConvertPlan plan = plan_conversion(*source, options);
      const std::string two = converted(*source, plan, folder.path() / "2.cellm", 2);
      EXPECT_TRUE(two == converted(*source, plan, folder.path() / "1.cellm", 1));
      EXPECT_GT(verify_cellm(open_cellm_file(folder.path() / "2.cellm")), 0U);
      const auto file = open_model_source(folder.path() / "2.cellm");
      std::size_t quantized = 0;
      for (const auto& tensor : plan.tensors) {
        if (!tensor.layout->has_trellis_code) continue;
        const std::size_t index = find_tensor(*file, tensor.name).value();
        EXPECT_EQ(file->weights(index)->shape().trellis.rotation, 3U) << tensor.name;
        std::vector<float> want(tensor.info.rows() * tensor.info.cols());
        std::vector<float> got(want.size());
        source->source().read_rows(tensor.source_index, 0, tensor.info.rows(), want.data());
        file->read_rows(index, 0, tensor.info.rows(), got.data());
        double error = 0.0;
        double energy = 0.0;
        for (std::size_t i = 0; i < want.size(); ++i) {
          const double e = static_cast<double>(got[i]) - static_cast<double>(want[i]);
          error += e * e;
          energy += static_cast<double>(want[i]) * static_cast<double>(want[i]);
        }
        EXPECT_LT(error, most * energy) << model << " " << tensor.name;
        ++quantized;
      }
      EXPECT_GT(quantized, 4U) << model;
    }
  }
}

TEST(Convert, ThreadsDoNotChangeTheFile) {
  const TestFolder folder;
  const auto source = test_model("qwen3");
  const ConvertPlan plan = plan_conversion(*source, general("int4-g32"));
  const std::string one = converted(*source, plan, folder.path() / "1.cellm", 1);
  EXPECT_TRUE(one == converted(*source, plan, folder.path() / "2.cellm", 2));
  EXPECT_TRUE(one == converted(*source, plan, folder.path() / "3.cellm", 3));
}

TEST(Convert, ReportsProgressToTheEnd) {
  const TestFolder folder;
  const auto source = test_model("qwen3");
  const ConvertPlan plan = plan_conversion(*source, {});
  ThreadPool pool(1);
  std::uint64_t last = 0;
  std::uint64_t total = 0;
  convert(*source, plan, folder.path() / "m.cellm", pool,
          [&](std::uint64_t done, std::uint64_t all) {
            EXPECT_GT(done, last);
            last = done;
            total = all;
          });
  EXPECT_EQ(last, total);
  EXPECT_GT(total, 0U);
}

TEST(Convert, AConvertedFileConvertsToItself) {
  const TestFolder folder;
  const auto source = test_model("qwen3");
  const std::string first =
      converted(*source, plan_conversion(*source, {}), folder.path() / "1.cellm", 2);
  const auto again = open_model(folder.path() / "1.cellm");
  converted(*again, plan_conversion(*again, {}), folder.path() / "1.cellm", 2);  // over itself
  const auto a = open_model_source(folder.path() / "1.cellm");
  ASSERT_EQ(a->tensors().size(), source->source().tensors().size());
}

// qwen3_untied_f32 with one value of one tensor replaced.
void write_poisoned(const TestFolder& folder, const std::string& tensor, std::size_t at,
                    float value) {
  const fs::path model = fs::path(CELLM_TESTDATA) / "models" / "qwen3_untied_f32";
  std::string bytes = file_bytes(model / "model.safetensors");
  const SafetensorsFile file = open_safetensors(model / "model.safetensors");
  for (const auto& entry : file.entries) {
    if (entry.name != tensor) continue;
    const auto offset = static_cast<std::size_t>(entry.data.data() - file.file->bytes().data());
    std::memcpy(bytes.data() + offset + at * sizeof(value), &value, sizeof(value));
  }
  folder.write("config.json", file_bytes(model / "config.json"));
  folder.write("model.safetensors", bytes);
}

TEST(Convert, NamesValuesThatDoNotFit) {
  struct Case {
    const char* tensor;
    float value;
    const char* found;
  };
  const Case cases[] = {
      {"model.layers.1.mlp.up_proj.weight", std::nanf(""), "the first nan at row 1, column 1"},
      {"model.embed_tokens.weight", HUGE_VALF, "the first inf at row 1, column 1"},
      {"lm_head.weight", -HUGE_VALF, "the first -inf at row 1, column 1"},
      {"model.layers.0.self_attn.q_proj.weight", 1e9F, "the first 1000000000 at row 1, column 1"},
  };
  for (const char* body : {"f16", "int8", "int4-g32", "int2", "q1", "fp8"}) {
    for (const Case& c : cases) {
      const TestFolder folder;
      const TestFolder out;
      write_poisoned(folder, c.tensor, 49, c.value);  // hidden size 48
      const auto source = open_model(folder.path());
      const ConvertPlan plan = plan_conversion(*source, general(body));
      ThreadPool pool(2);
      out.write("m.cellm", "old");
      expect_error(ErrorKind::kData, fmt::format("{} (1 value in 1 row, {};", c.tensor, c.found),
                   [&] { convert(*source, plan, out.path() / "m.cellm", pool, {}); });
      EXPECT_EQ(file_bytes(out.path() / "m.cellm"), "old");
      EXPECT_EQ(std::distance(fs::directory_iterator(out.path()), {}), 1);
    }
  }
}

TEST(Convert, ReplacesWhatDoesNotFitIfThatIsAllowed) {
  const TestFolder folder;
  write_poisoned(folder, "model.layers.1.mlp.up_proj.weight", 49, std::nanf(""));
  const auto source = open_model(folder.path());
  ConvertOptions options;
  options.allow_nonfinite = true;
  const ConvertPlan plan = plan_conversion(*source, options);
  ThreadPool pool(2);
  const auto replaced = convert(*source, plan, folder.path() / "m.cellm", pool, {});
  ASSERT_EQ(replaced.size(), 1U);
  EXPECT_EQ(replaced[0].tensor, "model.layers.1.mlp.up_proj.weight");
  EXPECT_EQ(replaced[0].count, 1U);
  const auto file = open_model_source(folder.path() / "m.cellm");
  const auto index = find_tensor(*file, replaced[0].tensor);
  ASSERT_TRUE(index);
  std::vector<float> row(file->tensors()[*index].cols());
  file->read_rows(*index, 1, 2, row.data());
  EXPECT_EQ(row[1], 0.0F);
  EXPECT_NE(row[2], 0.0F);
}

TEST(Convert, HoldsTheLargestF16) {
  const TestFolder folder;
  write_poisoned(folder, "model.norm.weight", 3, 65504.0F);
  const auto source = open_model(folder.path());
  converted(*source, plan_conversion(*source, {}), folder.path() / "m.cellm", 1);
  write_poisoned(folder, "model.norm.weight", 3, 65505.0F);
  const auto above = open_model(folder.path());
  const ConvertPlan plan = plan_conversion(*above, {});
  ThreadPool pool(1);
  expect_error(ErrorKind::kData,
               "model.norm.weight (1 value in 1 row, the first 65505 at row 0, column 3",
               [&] { convert(*above, plan, folder.path() / "m.cellm", pool, {}); });
}

}  // namespace
}  // namespace cellm
