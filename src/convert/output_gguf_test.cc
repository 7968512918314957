// GGUF files that convert() writes, against files of the gguf package and against their source.
#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "convert/convert.h"
#include "convert/test_conversion.h"
#include "format/formats.h"
#include "io/gguf_file.h"
#include "model/gguf/test_source.h"
#include "tokenizer/tokenizer.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

const fs::path kTestData = CELLM_TESTDATA;

ConvertOptions as_gguf(const char* format) {
  ConvertOptions options;
  options.container = Container::kGguf;
  options.settle_lm_head = true;
  if (const auto choice = parse_format_or_keep(format)) {
    options.formats = GeneralFormats{*choice, *choice, *choice};
  } else {
    options.formats = KeptFormats{};
  }
  return options;
}

ConvertPlan write(const OpenedModel& source, const ConvertOptions& options, const fs::path& path) {
  ThreadPool pool(2);
  ConvertPlan plan = plan_conversion(source, options);
  convert(source, plan, path, pool, {});
  EXPECT_EQ(fs::file_size(path), plan.file_bytes);
  return plan;
}

std::string bytes_of(const GgufTensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()};
}

struct Reference {
  const char* gguf;
  const char* folder;
};
// The file was made of the folder by tools/make_gguf_fixtures.py.
constexpr Reference kReferences[] = {
    {"llama", "llama"}, {"qwen2", "qwen2"}, {"qwen3", "qwen3"}, {"qwen35", "qwen3_5_text"}};

// Its names, orders, transforms and types; the reference may have fewer layers.
TEST(GgufOutput, TensorsAreThoseOfTheReferenceConverter) {
  for (const auto& [gguf, name] : kReferences) {
    SCOPED_TRACE(gguf);
    const TestFolder folder;
    write(*test_model(name), as_gguf("bf16"), folder.path() / "m.gguf");
    const GgufFile ours(folder.path() / "m.gguf");
    const GgufFile theirs(kTestData / "gguf" / (std::string(gguf) + ".gguf"));
    for (const GgufTensor& want : theirs.tensors()) {
      const GgufTensor* got = ours.find_tensor(want.name);
      ASSERT_NE(got, nullptr) << want.name;
      EXPECT_EQ(got->shape, want.shape) << want.name;
      EXPECT_EQ(got->type, want.type) << want.name;
      if (want.name.ends_with("ssm_a")) {  // numpy's exp
        std::vector<float> a(want.cols());
        std::vector<float> b(want.cols());
        want.read_rows(0, 1, a.data());
        got->read_rows(0, 1, b.data());
        for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(b[i], a[i], 2e-7 * std::fabs(a[i]));
        continue;
      }
      EXPECT_TRUE(bytes_of(*got) == bytes_of(want)) << want.name;
    }
    for (const GgufValue& want : theirs.values()) {
      const GgufValue* got = ours.find(want.key());
      const bool tokenizer = want.key().starts_with("tokenizer.");  // the folder has none
      if (tokenizer || want.key().ends_with("block_count")) continue;
      ASSERT_NE(got, nullptr) << want.key();
      if (want.type() == GgufType::kString) {
        EXPECT_EQ(got->as_string(), want.as_string());
      } else if (want.type() == GgufType::kArray) {
        EXPECT_EQ(got->as_integers(), want.as_integers());
      } else {
        EXPECT_EQ(got->type(), want.type()) << want.key();
        EXPECT_EQ(got->as_number(), want.as_number()) << want.key();
      }
    }
  }
}

// Every number of the configuration and every tensor survives, for every model of the tests.
TEST(GgufOutput, GivesTheLogitsOfItsSource) {
  std::size_t models = 0;
  for (const auto& entry : fs::directory_iterator(kTestData / "models")) {
    if (!fs::exists(entry.path() / "config.json")) continue;
    SCOPED_TRACE(entry.path());
    const auto source = open_model(entry.path());
    if (source->source().container_format() == "mlx") continue;  // not exact in f32 either
    const TestFolder folder;
    ConvertOptions options = as_gguf("bf16");
    if (entry.path().filename() == "qwen3_untied_f16") options = as_gguf("f16");
    if (entry.path().filename() == "qwen3_untied_f32") options = as_gguf("keep");
    write(*source, options, folder.path() / "m.gguf");
    EXPECT_LT(divergence(exact_engine(source, 2), folder.path() / "m.gguf", {1, 7, 3, 2, 11, 5}),
              1e-9);
    ++models;
  }
  EXPECT_GE(models, 12U);
}

// GGUF to .cellm and back: the bytes of every tensor, its name, type and shape.
TEST(GgufOutput, KeepsTheBytesOfAGguf) {
  for (const auto& entry : fs::directory_iterator(kTestData / "gguf")) {
    if (entry.path().extension() != ".gguf") continue;
    SCOPED_TRACE(entry.path());
    const TestFolder folder;
    ThreadPool pool(2);
    const auto source = open_model(entry.path());
    ConvertOptions cellm;
    cellm.formats = KeptFormats{};
    cellm.settle_lm_head = true;
    convert(*source, plan_conversion(*source, cellm), folder.path() / "m.cellm", pool, {});
    write(*open_model(folder.path() / "m.cellm"), as_gguf("keep"), folder.path() / "m.gguf");
    const GgufFile first(entry.path());
    const GgufFile again(folder.path() / "m.gguf");
    ASSERT_EQ(again.tensors().size(), first.tensors().size());
    for (const GgufTensor& want : first.tensors()) {
      const GgufTensor* got = again.find_tensor(want.name);
      ASSERT_NE(got, nullptr) << want.name;
      EXPECT_EQ(got->type, want.type) << want.name;
      EXPECT_EQ(got->shape, want.shape) << want.name;
      if (want.name.ends_with("ssm_a")) continue;  // a logarithm in between
      EXPECT_TRUE(bytes_of(*got) == bytes_of(want)) << want.name;
    }
  }
}

// A folder with a tokenizer, a chat template and sampling.
fs::path tiny() {
  return fs::path(CELLM_TESTDATA).parent_path() / "models" / "cellm-tiny";
}

TEST(GgufOutput, HoldsTokenizerTemplateAndSampling) {
  const auto source = open_model(tiny());
  const TestFolder folder;
  write(*source, as_gguf("bf16"), folder.path() / "tiny.gguf");
  const auto gguf = open_model(folder.path() / "tiny.gguf");
  EXPECT_EQ(gguf->chat_template(), source->chat_template());
  EXPECT_EQ(gguf->generation_end_ids(), source->generation_end_ids());
  EXPECT_EQ(gguf->generation_sampling(), source->generation_sampling());
  const TokenizerSpec& want = source->tokenizer()->spec();
  const TokenizerSpec& got = gguf->tokenizer()->spec();
  EXPECT_TRUE(got.merges == want.merges && got.added == want.added && got.steps == want.steps);
  EXPECT_EQ(got.nfc, want.nfc);
  EXPECT_GE(got.vocab.size(), want.vocab.size());  // a piece or none for every row
  for (std::size_t id = 0; id < got.vocab.size(); ++id) EXPECT_EQ(got.vocab[id], want.vocab[id]);
  const GgufFile file(folder.path() / "tiny.gguf");
  EXPECT_EQ(file.at("tokenizer.ggml.pre").as_string(), "qwen35");
  EXPECT_EQ(file.at("tokenizer.ggml.eos_token_id").as_uint(), 4065U);
  EXPECT_EQ(file.at("tokenizer.ggml.padding_token_id").as_uint(), 4063U);
  EXPECT_FALSE(file.at("tokenizer.ggml.add_bos_token").as_bool());
  EXPECT_EQ(file.at("general.file_type").as_uint(), 32U);
  EXPECT_EQ(file.at("general.name").as_string(), "cellm-tiny");
}

TEST(GgufOutput, RefusesFormatsThatGgmlDoesNotHave) {
  const auto source = test_model("qwen3");
  expect_error(ErrorKind::kUsage, "which a GGUF file does not hold",
               [&] { plan_conversion(*source, as_gguf("int4-g32")); });
}

// Squared error of the matrices of a file relative to their squares.
double relative_error(const ModelSource& want, const ModelSource& got) {
  double error = 0.0;
  double power = 0.0;
  for (std::size_t i = 0; i < want.tensors().size(); ++i) {
    const std::vector<float> a = read_all(want, i);
    const std::vector<float> b = read_all(got, index_of(got, want.tensors()[i].name));
    for (std::size_t c = 0; c < a.size(); ++c) {
      error += std::pow(static_cast<double>(a[c] - b[c]), 2);
      power += std::pow(static_cast<double>(a[c]), 2);
    }
  }
  return error / power;
}

// Rows of 96 weights get blocks of 32 in place of those of 256; a format that is given fits or is
// refused.
TEST(GgufOutput, MixturesFitTheRowsOfEveryModel) {
  const auto source = test_model("llama");
  ASSERT_NE(source->config().hidden % 256, 0U);
  const TestFolder folder;
  ConvertOptions options = as_gguf("bf16");
  const std::pair<const char*, double> errors[] = {{"q8_0", 5e-5},   {"q5_1", 2e-3},
                                                   {"q4_0", 1e-2},   {"iq4_nl", 8e-3},
                                                   {"q4_k_m", 4e-3}, {"q3_k_s", 1e-2}};
  for (const auto& [name, error] : errors) {
    SCOPED_TRACE(name);
    options.formats = MixtureFormats{find_mixture(name), {}, {}};
    const ConvertPlan plan = write(*source, options, folder.path() / "m.gguf");
    EXPECT_TRUE(has_codes(plan));
    EXPECT_LT(relative_error(source->source(), open_model(folder.path() / "m.gguf")->source()),
              error);
  }
  options.formats = GeneralFormats{parse_format_choice("q4_k"), {}, {}};
  expect_error(ErrorKind::kUsage, "no multiple of the 256 in a block of q4_k",
               [&] { plan_conversion(*source, options); });
}

}  // namespace
}  // namespace cellm
