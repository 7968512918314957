#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "convert/convert.h"
#include "io/cellm_file.h"
#include "study/document.h"
#include "study/formats.h"
#include "study/histogram.h"
#include "study/mixed_source.h"
#include "study/report.h"
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

// A document of two formats, as run_study() makes it.
OrderedJson small_document(const std::string& text, const std::string& name) {
  const auto format = [](const std::string& id, std::uint64_t bytes, double kld) {
    const OrderedJson pair{0.9 * kld, 1.1 * kld};
    return OrderedJson{
        {"name", id},
        {"flags", "--format " + id},
        {"scale", "absmax"},
        {"in_study", true},
        {"in_variants", false},
        {"file_bytes", bytes},
        {"bits_per_weight", 4.5},
        {"body_bits_per_weight", 4.0},
        {"evaluation",
         {{"perplexity", 20.0},
          {"perplexity_ratio", 1.1},
          {"kld_mean", kld},
          {"kld_median", kld},
          {"kld_p99", kld},
          {"top1", 0.75},
          {"intervals", {{"kld_mean", pair}, {"perplexity", nullptr}}}}},
        {"coherence",
         {{"greedy", {{"looping", 0.5}, {"teacher_nll", 1.0}, {"bad", 0.5}}},
          {"sampled", {{"looping", 0.0}, {"teacher_nll", 2.0}, {"bad", 0.0}}}}},
        {"speed", {{"decode_tokens_per_second", 50.0}, {"peak_memory_bytes", 1048576.0}}}};
  };
  OrderedJson document{
      {"writer", "cellm"},
      {"date", "2026-01-01"},
      {"source", {{"name", name}, {"checksum", "00"}, {"layers", 2}, {"format", "f16"}}},
      {"settings",
       {{"tokens", 100},
        {"window", 32},
        {"generate", 8},
        {"sensitivity_tokens", 32},
        {"speed_prompt", 8},
        {"speed_decode", 8},
        {"speed_runs", 1},
        {"threads", 2},
        {"target", "avx2"}}},
      {"texts", {{{"name", name}, {"tokens", 100}}}},
      {"floor", OrderedJson::object()},
      {"formats",
       {format("f16", 3000, 1e-6), format("int4", 1000, 0.3), format("int2", 2000, 9.0)}},
      {"sensitivity",
       {{{"format", "int4"}, {"parts", {{{"part", name}, {"is_layer", true}, {"kld", 0.1}}}}}}},
      {"histograms", OrderedJson::array()}};
  judge_formats(document);
  add_samples(document, {{"int4",
                          {{{"prompt", coherence_prompts()[0].text},
                            {"sampled", false},
                            {"text", text},
                            {"stop", "eos"},
                            {"looping", true},
                            {"invalid", false}}}}});
  return document;
}

TEST(Document, JudgesAndFindsTheLine) {
  const OrderedJson document = small_document("x", "m");
  const auto& formats = document["formats"];
  EXPECT_EQ(formats[0]["judgement"], "excellent");
  EXPECT_EQ(formats[1]["judgement"], "good");
  EXPECT_EQ(formats[2]["judgement"], "incoherent");
  EXPECT_EQ(formats[0]["pareto"], true);
  EXPECT_EQ(formats[1]["pareto"], true);
  EXPECT_EQ(formats[2]["pareto"], false);  // larger and worse than int4
  EXPECT_EQ(formats[1]["compression"], 3.0);
  EXPECT_EQ(document["samples"][0]["answers"].size(), 1U);
}

TEST(Document, NullIsNaN) {
  EXPECT_TRUE(std::isnan(number_or_nan(OrderedJson())));
  EXPECT_EQ(number_or_nan(OrderedJson(2)), 2.0);
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Whatever a model, a text or a prompt says is text in the page, wherever it comes up.
TEST(Report, HasNoMarkupFromOutside) {
  const std::string evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&<!--";
  const std::string html = report_html(small_document(evil, evil));
  const std::string clean = report_html(small_document("safe", "safe"));
  for (const char* part : {"<script", "</script", "<img", "<!--", "onerror=alert(2)>"}) {
    EXPECT_EQ(count_of(html, part), count_of(clean, part)) << part;
  }
  EXPECT_NE(html.find("&lt;/script&gt;&lt;script&gt;alert(1)"), std::string::npos);
  // The document in the page is whole.
  const std::string begin = "id=\"study\">";
  const std::size_t at = html.find(begin) + begin.size();
  const auto inside = OrderedJson::parse(html.substr(at, html.find("</script>", at) - at));
  EXPECT_EQ(inside["samples"][0]["answers"][0]["text"], evil);

  const std::string markdown = report_markdown(small_document("``` \n</pre><script>", evil));
  EXPECT_NE(markdown.find("````text\n``` \n</pre><script>\n````"), std::string::npos);
  EXPECT_EQ(count_of(markdown, "<script>"), 1U);  // inside of the fence
}

TEST(Report, HasBothTablesAndTheFiguresOfThePlots) {
  const OrderedJson document = small_document("an answer", "model");
  for (const std::string& text : {report_html(document), report_markdown(document)}) {
    for (const char* part : {"the engine’s own floor", "an answer", "0.3000", "75.0 %", "good",
                             "incoherent", "3.00", "--format int4"}) {
      EXPECT_NE(text.find(part), std::string::npos) << part;
    }
  }
}

}  // namespace
}  // namespace cellm
