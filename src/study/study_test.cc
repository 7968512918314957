#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "convert/convert.h"
#include "io/cellm_file.h"
#include "study/formats.h"
#include "study/histogram.h"
#include "study/mixed_source.h"
#include "study/sensitivity.h"
#include "study/step_store.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::filesystem::path model_path(const char* name) {
  return std::filesystem::path(CELLM_TESTDATA) / "models" / name;
}

TEST(StepStore, KeepsAResultUnderItsKey) {
  const TestFolder folder;
  StepStore store(folder.path() / "steps");
  EXPECT_FALSE(store.find("a", "1"));
  store.store("a", "1", {{"x", 0.1}, {"y", "z"}});
  EXPECT_EQ(StepStore(folder.path() / "steps").find("a", "1"),
            (OrderedJson{{"x", 0.1}, {"y", "z"}}));
  EXPECT_FALSE(store.find("a", "2"));
  store.store("a", "2", 5);
  EXPECT_EQ(store.find("a", "2"), OrderedJson(5));
  EXPECT_FALSE(store.find("a", "1"));
  store.remove("a");
  EXPECT_FALSE(store.find("a", "2"));
}

TEST(StepStore, TakesNoDamagedFileForAResult) {
  const TestFolder folder;
  const StepStore store(folder.path());
  const std::string whole = step_text("1", {{"x", 0.1}, {"y", nullptr}, {"z", "\xFF"}});
  folder.write("a.json", whole);
  EXPECT_EQ(store.find("a", "1"), (OrderedJson{{"x", 0.1}, {"y", nullptr}, {"z", "\xEF\xBF\xBD"}}));
  std::vector<std::string> damaged{"",
                                   "{",
                                   "[]",
                                   "3",
                                   "{\"key\": \"1\"}",
                                   "{\"value\": 3}",
                                   "{\"key\": \"1\", \"value\": 3}",
                                   "\xFF",
                                   whole + "}"};
  const std::vector<std::pair<std::string_view, std::string_view>> changes{
      {"0.1", "0.2"},
      {"\"x\"", "\"w\""},
      {"null", "true"},
      {"\"1\"", "1"},
      {"\"key\"", "\"kez\""},
      {"\"checksum\"", "\"chucksum\""},
      {"\"value\"", "\"valve\""}};
  for (const auto& [from, to] : changes) {
    damaged.push_back(whole);
    damaged.back().replace(whole.find(from), from.size(), to);
  }
  damaged.push_back("{\"value\":" + std::string(100'000, '[') + "}");
  for (const std::string& text : damaged) {
    folder.write("a.json", text);
    EXPECT_FALSE(store.find("a", "1")) << text.substr(0, 200);
  }
}

TEST(StepStore, KeysDependOnEachText) {
  EXPECT_EQ(step_key({"a", "b"}), step_key({"a", "b"}));
  EXPECT_NE(step_key({"a", "b"}), step_key({"ab", ""}));
  EXPECT_NE(step_key({"a", "b"}), step_key({"b", "a"}));
}

TEST(StudyFormats, DefaultToBothTablesAndTheirComparisons) {
  const auto formats = study_formats({});
  std::size_t study = 0;
  std::size_t variants = 0;
  for (const auto& format : formats) {
    study += format.in_study ? 1 : 0;
    variants += format.in_variants ? 1 : 0;
  }
  EXPECT_EQ(formats[0].name, "f16");
  EXPECT_EQ(study, 5U);
  EXPECT_EQ(variants, 7U);
  EXPECT_EQ(formats.size(), default_study_formats().size());
}

TEST(StudyFormats, TakesNamesOnceAndF16First) {
  const std::vector<std::string> names{"int4-g64", "int2-mse", "int4-g64", "f16"};
  const auto formats = study_formats(names);
  ASSERT_EQ(formats.size(), 3U);
  EXPECT_EQ(formats[0].name, "f16");
  EXPECT_EQ(formats[2].options.scale, ScaleMethod::kMse);
  for (const std::string bad : {"int5", "f16-mse", "recipe-none", "-mse", ""}) {
    expect_error(ErrorKind::kUsage, bad.empty() ? "format" : "\"", [&] {
      study_formats({&bad, 1});
    });
  }
}

// A model as f16 and as another format, converted.
class ConvertedTest : public testing::Test {
 protected:
  std::shared_ptr<const OpenedModel> converted(const std::string& name) {
    const auto model = open_model(model_path("qwen3_5_text"));
    const auto formats = study_formats({&name, 1});
    const auto file = folder_.path() / (name + ".cellm");
    ThreadPool pool(1);
    convert(*model, plan_conversion(*model, formats.back().options), file, pool, {});
    return open_model(file);
  }

  static std::shared_ptr<const ModelSource> source_of(const std::shared_ptr<const OpenedModel>& m) {
    return {m, &m->source()};
  }

  TestFolder folder_;
};

TEST_F(ConvertedTest, MixesTensorsByName) {
  const auto f16 = converted("f16");
  const auto int2 = converted("int2");
  const auto mixed = mix_sources(source_of(f16), source_of(int2), [](std::string_view name) {
    return name.find("down_proj") != name.npos;
  });
  std::size_t taken = 0;
  ASSERT_EQ(mixed->tensors().size(), f16->source().tensors().size());
  for (std::size_t i = 0; i < f16->source().tensors().size(); ++i) {
    const TensorInfo& info = mixed->tensors()[i];
    const bool other = info.name.find("down_proj") != info.name.npos;
    taken += other ? 1 : 0;
    EXPECT_EQ(info.format, other ? FormatId::kI2 : FormatId::kF16) << info.name;
    std::vector<float> values(info.cols());
    std::vector<float> expected(info.cols());
    mixed->read_rows(i, 0, 1, values.data());
    const ModelSource& from = other ? int2->source() : f16->source();
    from.read_rows(*find_tensor(from, info.name), 0, 1, expected.data());
    EXPECT_EQ(values, expected) << info.name;
    EXPECT_EQ(mixed->weights(i)->format(), info.format);
  }
  EXPECT_GT(taken, 0U);
}

TEST_F(ConvertedTest, NamesThePartsOfAModel) {
  const auto parts = model_parts(*converted("f16"));
  EXPECT_EQ(parts[0].name, "layer 0");
  std::size_t layers = 0;
  std::size_t in_layers = 0;
  std::size_t in_kinds = 0;
  std::vector<std::string> kinds;
  for (const auto& part : parts) {
    layers += part.is_layer ? 1 : 0;
    (part.is_layer ? in_layers : in_kinds) += part.tensors.size();
    if (!part.is_layer) kinds.push_back(part.name);
  }
  EXPECT_EQ(layers, 8U);
  EXPECT_NE(std::find(kinds.begin(), kinds.end(), "in_proj_qkv"), kinds.end());
  EXPECT_NE(std::find(kinds.begin(), kinds.end(), "embed_tokens"), kinds.end());
  EXPECT_GT(in_kinds, in_layers);  // the embedding is in no layer
}

TEST_F(ConvertedTest, SensitivityIsZeroOnlyWhereNothingChanges) {
  const auto f16 = converted("f16");
  const auto int2 = converted("int2");
  const auto parts = model_parts(*f16);
  EvalTokens text{"t", {}, 0};
  for (std::uint32_t i = 0; i < 64; ++i) text.ids.push_back(i * 37 % 320);
  SensitivityOptions options;
  options.eval.window = 32;
  options.eval.resamples = 0;
  const auto found = measure_sensitivity(f16, int2, parts, {&text, 1}, options, {});
  EXPECT_GE(found.size(), 8U);
  for (const auto& item : found) {
    EXPECT_GT(item.kld, 1e-9) << parts[item.part].name;
    EXPECT_NE(parts[item.part].name, "embed_tokens");  // int2 leaves it in 16 bits
  }
  EXPECT_TRUE(measure_sensitivity(f16, f16, parts, {&text, 1}, options, {}).empty());
}

TEST_F(ConvertedTest, LevelsAreThoseOfTheFormat) {
  const auto f16 = converted("f16");
  const std::string name = histogram_tensors(*f16).at(0);
  const std::size_t index = *find_tensor(f16->source(), name);
  const WeightHistogram histogram = weight_histogram(f16->source(), index, 1);
  double sum = 0.0;
  double middle = 0.0;
  for (std::size_t i = 0; i < kHistogramBins; ++i) {
    sum += histogram.shares[i];
    if (i >= 40 && i < 60) middle += histogram.shares[i];
  }
  EXPECT_NEAR(sum, 1.0, 1e-12);
  EXPECT_NEAR(middle, 0.68, 0.05);  // random weights: a normal distribution, within ±1

  const std::pair<const char*, std::size_t> expected[] = {{"int2", 4}, {"int1", 2}, {"int8", 0}};
  double error = 0.0;
  for (const auto& [format, count] : expected) {
    const auto quantized = converted(format);
    const auto other = find_tensor(quantized->source(), name);
    const TensorLevels levels = tensor_levels(f16->source(), index, quantized->source(), *other, 1);
    ASSERT_EQ(levels.levels.size(), count) << format;
    double shares = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      shares += levels.levels[i].share;
      if (i > 0) {
        EXPECT_GT(levels.levels[i].position, levels.levels[i - 1].position);
      }
    }
    if (count > 0) {
      EXPECT_NEAR(shares, 1.0, 1e-12);
    }
    if (count == 4) {  // ±0.5 and ±1.5 of one scale
      EXPECT_NEAR(levels.levels[3].position / levels.levels[2].position, 3.0, 0.2);
      error = levels.rms_error;
      EXPECT_GT(error, 0.3);
    }
    if (count == 0) {
      EXPECT_LT(levels.rms_error, error);
    }
  }
}

}  // namespace
}  // namespace cellm
