// Files whose tensors are kept as their source stores them.
#include "convert/kept_tensor.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "base/test_files.h"
#include "base/test_models.h"
#include "convert/test_conversion.h"
#include "format/formats.h"
#include "io/cellm_rewrite.h"
#include "io/gguf_blocks.h"
#include "io/gguf_test_file.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

const fs::path kTestData = CELLM_TESTDATA;

ConvertOptions keeping() {
  ConvertOptions options;
  options.formats = KeptFormats{};
  options.settle_lm_head = true;
  return options;
}

void write_file(const OpenedModel& source, const ConvertOptions& options, const fs::path& path) {
  ThreadPool pool(2);
  const ConvertPlan plan = plan_conversion(source, options);
  convert(source, plan, path, pool, {});
  EXPECT_EQ(fs::file_size(path), plan.file_bytes);
  EXPECT_GT(verify_cellm(open_cellm_file(path)), 0U);
}

void write_gguf(const OpenedModel& source, const fs::path& path) {
  ConvertOptions options = keeping();
  options.container = Container::kGguf;
  ThreadPool pool(2);
  convert(source, plan_conversion(source, options), path, pool, {});
}

std::vector<float> logits(const std::shared_ptr<const OpenedModel>& model,
                          Activations activations) {
  const Engine engine(model, {"", 2, kAllLayers, activations});
  Session session(engine, {KvEncoding::kF32, 16, 0});
  const std::vector<std::uint32_t> tokens{1, 7, 3, 2, 11, 5};
  std::vector<float> all;
  session.advance_each(tokens, [&](std::size_t, std::span<const float> row) {
    all.insert(all.end(), row.begin(), row.end());
  });
  for (const float value : all) EXPECT_TRUE(std::isfinite(value));
  return all;
}

void expect_same_logits(const fs::path& a, const fs::path& b) {
  for (const Activations activations :
       {Activations::kF32, Activations::kInt8, Activations::kFast}) {
    EXPECT_TRUE(logits(open_model(a), activations) == logits(open_model(b), activations))
        << a << " with activations " << static_cast<int>(activations);
  }
}

// The same payloads in the same formats.
void expect_same_tensors(const ModelSource& a, const ModelSource& b) {
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  for (std::size_t i = 0; i < a.tensors().size(); ++i) {
    const TensorInfo& info = a.tensors()[i];
    SCOPED_TRACE(info.name);
    EXPECT_EQ(b.tensors()[i].name, info.name);
    EXPECT_EQ(b.tensors()[i].shape, info.shape);
    EXPECT_EQ(b.tensors()[i].stored_bytes, info.stored_bytes);
    const MatrixPtr want = a.weights(i);
    const MatrixPtr got = b.weights(i);
    ASSERT_NE(want, nullptr);
    ASSERT_NE(got, nullptr);
    EXPECT_EQ(got->format(), want->format());
    EXPECT_EQ(&got->layout(), &want->layout());
    const PayloadSizes sizes = want->layout().sizes(want->shape());
    const auto same = [](const void* x, const void* y, std::uint64_t bytes) {
      return std::memcmp(x, y, bytes) == 0;
    };
    EXPECT_TRUE(same(want->payloads().codes, got->payloads().codes, sizes.code_bytes));
    if (sizes.scale_bytes() != 0) {
      EXPECT_TRUE(same(want->payloads().scales, got->payloads().scales, sizes.scale_bytes()));
    }
    const std::uint16_t* columns = want->payloads().column_scales;
    ASSERT_EQ(got->payloads().column_scales == nullptr, columns == nullptr);
    if (columns != nullptr) {
      EXPECT_TRUE(same(columns, got->payloads().column_scales, info.cols() * 2));
    }
  }
}

// A Llama of one layer whose matrices are all of this type.
GgufBuilder llama_of(const GgmlType& type) {
  std::string blocks = file_bytes(kTestData / "gguf" / (std::string(type.name) + ".blocks"));
  if (type.name == "MXFP4") {  // those with the smallest and largest scales are no model's
    blocks = blocks.substr(4 * type.block_bytes);
    for (std::size_t i = 0; i < blocks.size(); i += type.block_bytes) blocks[i] = 124;
  }
  constexpr std::uint64_t kWidth = 256;
  const std::string a = "llama";
  GgufBuilder builder;
  builder.string("general.architecture", a)
      .u32(a + ".block_count", 1)
      .u32(a + ".context_length", 64)
      .u32(a + ".embedding_length", kWidth)
      .u32(a + ".feed_forward_length", kWidth)
      .u32(a + ".attention.head_count", 4)
      .u32(a + ".attention.head_count_kv", 2)
      .f32(a + ".attention.layer_norm_rms_epsilon", 1e-5F);
  std::size_t at = 0;  // so that no two matrices are the same
  const auto matrix = [&](const char* name, std::uint64_t rows) {
    std::string bytes(rows * kWidth / type.block * type.block_bytes, '\0');
    for (std::size_t i = 0; i < bytes.size(); i += type.block_bytes) {
      bytes.replace(i, type.block_bytes, blocks, at, type.block_bytes);
      at = (at + type.block_bytes) % blocks.size();
    }
    at = (at + type.block_bytes) % blocks.size();
    builder.tensor(name, {kWidth, rows}, type.id, bytes);
  };
  matrix("token_embd.weight", 33);
  matrix("output.weight", 33);
  matrix("blk.0.attn_q.weight", kWidth);
  matrix("blk.0.attn_k.weight", kWidth / 2);
  matrix("blk.0.attn_v.weight", kWidth / 2);
  matrix("blk.0.attn_output.weight", kWidth);
  matrix("blk.0.ffn_gate.weight", kWidth);
  matrix("blk.0.ffn_up.weight", kWidth);
  matrix("blk.0.ffn_down.weight", kWidth);
  for (const char* name :
       {"output_norm.weight", "blk.0.attn_norm.weight", "blk.0.ffn_norm.weight"}) {
    builder.f32_tensor(name, {kWidth}, std::vector<float>(kWidth, 0.75F));
  }
  return builder;
}

TEST(KeptTensors, OfEveryBlockFormatAreTheBytesOfTheGguf) {
  std::size_t types = 0;
  for (const GgmlType& type : ggml_types()) {
    if (!type.format) continue;
    if (format_spec(*type.format).order != StoredOrder::kBlocks) continue;
    SCOPED_TRACE(type.name);
    const TestFolder folder;
    const fs::path gguf = folder.write("m.gguf", llama_of(type).bytes());
    const auto source = open_model(gguf);
    write_file(*source, keeping(), folder.path() / "m.cellm");
    const auto kept = open_model(folder.path() / "m.cellm");
    expect_same_tensors(source->source(), kept->source());
    expect_same_logits(gguf, folder.path() / "m.cellm");
    EXPECT_LT(fs::file_size(folder.path() / "m.cellm"), fs::file_size(gguf) + 8192);
    write_gguf(*kept, folder.path() / "again.gguf");
    expect_same_tensors(source->source(), open_model(folder.path() / "again.gguf")->source());
    expect_same_logits(gguf, folder.path() / "again.gguf");
    ++types;
  }
  std::size_t formats = 0;
  for (const FormatSpec* spec : all_formats())
    formats += spec->order == StoredOrder::kBlocks ? 1U : 0U;
  EXPECT_EQ(types, formats);
}

TEST(KeptTensors, OfLongRopeAreNoGguf) {
  const TestFolder folder;
  GgufBuilder builder = llama_of(*find_ggml_type(8));
  builder.string("llama.rope.scaling.type", "longrope")
      .u32("llama.rope.scaling.original_context_length", 32)
      .f32("llama.rope.scaling.attn_factor", 1.25F)
      .f32_tensor("rope_factors_long.weight", {32}, std::vector<float>(32, 2.0F));
  const auto source = open_model(folder.write("m.gguf", builder.bytes()));
  write_file(*source, keeping(), folder.path() / "m.cellm");
  expect_error(ErrorKind::kUnsupported, "rope scaling",
               [&] { write_gguf(*source, folder.path() / "again.gguf"); });
}

// The layouts are the same, but not the kernels: values are equal, logits need not be.
TEST(KeptTensors, OfBitsBecomeOursWithoutLoss) {
  const TestFolder folder;
  const fs::path gguf = folder.write("m.gguf", llama_of(*find_ggml_type(41)).bytes());
  const auto source = open_model(gguf);
  for (const ScaleMethod scale : {ScaleMethod::kAbsmax, ScaleMethod::kMse, ScaleMethod::kAuto}) {
    SCOPED_TRACE(static_cast<int>(scale));
    ConvertOptions options;
    options.formats = GeneralFormats{{FormatId::kQ1, 0}, {FormatId::kQ1, 0}, {FormatId::kQ1, 0}};
    options.scale = scale;
    write_file(*source, options, folder.path() / "m.cellm");
    const auto ours = open_model(folder.path() / "m.cellm");
    for (std::size_t index = 0; index < source->source().tensors().size(); ++index) {
      const TensorInfo& info = source->source().tensors()[index];
      const auto found = find_tensor(ours->source(), info.name);
      ASSERT_TRUE(found) << info.name;
      std::vector<float> want(info.rows() * info.cols());
      std::vector<float> got(want.size());
      source->source().read_rows(index, 0, info.rows(), want.data());
      ours->source().read_rows(*found, 0, info.rows(), got.data());
      EXPECT_EQ(got, want) << info.name;
    }
  }
}

// Row orders, norms, decays and convolutions that a family's reader changes are among them.
TEST(KeptTensors, OfEveryFamilyGiveTheLogitsOfTheGguf) {
  for (const std::string& name : stems(kTestData / "gguf", ".gguf")) {
    SCOPED_TRACE(name);
    const TestFolder folder;
    const fs::path gguf = kTestData / "gguf" / (name + ".gguf");
    write_file(*open_model(gguf), keeping(), folder.path() / "m.cellm");
    expect_same_logits(gguf, folder.path() / "m.cellm");
    EXPECT_LT(fs::file_size(folder.path() / "m.cellm"), fs::file_size(gguf) + 32768);
  }
}

TEST(KeptTensors, OfAFolderGiveItsLogits) {
  std::size_t folders = 0;
  for (const auto& entry : fs::directory_iterator(kTestData / "models")) {
    if (!fs::exists(entry.path() / "config.json")) continue;
    const auto source = open_model(entry.path());
    const auto& tensors = source->source().tensors();
    const bool all_ours = std::all_of(tensors.begin(), tensors.end(), [](const TensorInfo& info) {
      return info.stored_format.has_value();
    });
    if (!all_ours) continue;
    SCOPED_TRACE(entry.path());
    const TestFolder folder;
    write_file(*source, keeping(), folder.path() / "m.cellm");
    expect_same_logits(entry.path(), folder.path() / "m.cellm");
    ++folders;
  }
  EXPECT_GE(folders, 4U);
}

TEST(KeptTensors, OfACellmFileAreItsBytes) {
  const auto source = test_model("qwen3");
  for (const bool packed : {false, true}) {
    for (const char* format :
         {"f16", "int8", "int4", "int4-g32", "int2", "q1", "fp8", "t2", "t1h"}) {
      SCOPED_TRACE(format);
      const TestFolder folder;
      ConvertOptions options;
      options.formats = general_formats(parse_format_choice(format));
      options.rotation = 5;
      options.packed = packed;
      write_file(*source, options, folder.path() / "a.cellm");
      const auto first = open_model(folder.path() / "a.cellm");
      write_file(*first, keeping(), folder.path() / "b.cellm");
      expect_same_tensors(first->source(), open_model(folder.path() / "b.cellm")->source());
    }
  }
}

TEST(KeptTensors, CanBePacked) {
  const auto source = test_model("qwen3");
  const TestFolder folder;
  ConvertOptions options;
  options.formats = general_formats(parse_format_choice("int4-g32"));
  write_file(*source, options, folder.path() / "rows.cellm");
  options.packed = true;
  write_file(*source, options, folder.path() / "packed.cellm");
  options = keeping();
  options.packed = true;
  write_file(*open_model(folder.path() / "rows.cellm"), options, folder.path() / "kept.cellm");
  expect_same_tensors(open_model(folder.path() / "packed.cellm")->source(),
                      open_model(folder.path() / "kept.cellm")->source());
}

TEST(KeptTensors, HaveTheirColumnScales) {
  const auto source = test_model("qwen3");
  const TestFolder folder;
  const fs::path path = folder.path() / "a.cellm";
  ConvertOptions options;
  options.formats = general_formats(parse_format_choice("t2"));
  write_file(*source, options, path);
  const std::string name = "model.layers.0.mlp.down_proj.weight";
  const TensorInfo& info = source->source().tensors()[*find_tensor(source->source(), name)];
  std::vector<std::uint16_t> halves(info.cols(), 0x3E00);  // 1.5
  NewTensor scales{name + std::string(kColumnScaleSuffix), "f16", {info.cols()}, {}};
  const auto bytes = std::as_bytes(std::span(halves));
  scales.bytes.assign(bytes.begin(), bytes.end());
  rewrite_cellm(
      open_cellm_file(path), path, [](nlohmann::ordered_json&) {},
      [](const CellmEntry&, std::span<const std::byte>) { return std::nullopt; }, {scales});
  const auto first = open_model(path);
  ASSERT_NE(first->source().weights(*find_tensor(first->source(), name))->payloads().column_scales,
            nullptr);
  write_file(*first, keeping(), folder.path() / "b.cellm");
  expect_same_tensors(first->source(), open_model(folder.path() / "b.cellm")->source());
  expect_same_logits(path, folder.path() / "b.cellm");
}

TEST(KeptTensors, GiveWayToFormatsThatAreGiven) {
  const auto source = test_model("qwen3");  // tied
  const auto format_of = [](const ConvertPlan& plan, const std::string& name) {
    for (const PlannedTensor& tensor : plan.tensors) {
      if (tensor.name == name) return std::pair(tensor.kept, format_choice_name(tensor.choice));
    }
    return std::pair(Kept::kNo, std::string());
  };
  using Found = std::pair<Kept, std::string>;
  const std::string embedding = "model.embed_tokens.weight";
  const std::string head = "lm_head.weight";
  const std::string down = "model.layers.0.mlp.down_proj.weight";
  ConvertOptions options = keeping();
  ConvertPlan plan = plan_conversion(*source, options);
  EXPECT_EQ(format_of(plan, embedding).first, Kept::kBytes);
  EXPECT_EQ(format_of(plan, head), Found(Kept::kNo, ""));
  EXPECT_FALSE(has_codes(plan));

  options.formats = KeptFormats{std::nullopt, FormatChoice{FormatId::kI8, 0}};
  plan = plan_conversion(*source, options);
  EXPECT_EQ(format_of(plan, embedding).first, Kept::kBytes);
  EXPECT_EQ(format_of(plan, head), Found(Kept::kNo, "int8"));

  options.formats = KeptFormats{FormatChoice{FormatId::kI8, 0}, std::nullopt};
  options.overrides = {parse_tensor_override("down_proj=int4-g32")};
  plan = plan_conversion(*source, options);
  EXPECT_EQ(format_of(plan, embedding), Found(Kept::kNo, "int8"));
  EXPECT_EQ(format_of(plan, head), Found(Kept::kNo, ""));
  EXPECT_EQ(format_of(plan, down), Found(Kept::kNo, "int4-g32"));
  EXPECT_TRUE(has_codes(plan));

  options.formats = general_formats(parse_format_choice("int8"));
  options.overrides = {parse_tensor_override("down_proj=keep")};
  plan = plan_conversion(*source, options);
  EXPECT_EQ(format_of(plan, down).first, Kept::kBytes);
  EXPECT_EQ(format_of(plan, "model.layers.0.mlp.up_proj.weight"), Found(Kept::kNo, "int8"));
}

TEST(KeptTensors, RefuseTypesThatAreNoFormats) {
  expect_error(ErrorKind::kUnsupported, "is MLX-4bit, which a .cellm file cannot keep",
               [&] { plan_conversion(*test_model("qwen3_mlx_4bit"), keeping()); });
}

TEST(KeptTensors, RefuseValuesThatAreNotFinite) {
  const TestFolder folder;
  const fs::path model = kTestData / "models" / "qwen3_untied_f32";
  std::string bytes = file_bytes(model / "model.safetensors");
  const float bad = HUGE_VALF;
  std::memcpy(bytes.data() + bytes.size() - sizeof(bad), &bad, sizeof(bad));
  folder.write("config.json", file_bytes(model / "config.json"));
  folder.write("model.safetensors", bytes);
  const auto source = open_model(folder.path());
  ThreadPool pool(2);
  ConvertOptions options = keeping();
  expect_error(ErrorKind::kData, "f32 holds up to", [&] {
    convert(*source, plan_conversion(*source, options), folder.path() / "m.cellm", pool, {});
  });
  options.allow_nonfinite = true;
  write_file(*source, options, folder.path() / "m.cellm");
  expect_same_tensors(source->source(), open_model(folder.path() / "m.cellm")->source());
}

}  // namespace
}  // namespace cellm
