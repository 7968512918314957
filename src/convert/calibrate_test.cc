#include "convert/calibrate.h"

#include <cmath>
#include <numeric>
#include <random>

#include "base/test_files.h"
#include "convert/test_calibration.h"
#include "convert/test_conversion.h"
#include "format/formats.h"
#include "format/half.h"
#include "model/open_source.h"
#include "quantize/quantize_mse.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

CalibrationText some_text(std::size_t vocab_size) {
  return random_text(vocab_size, 2, 100, 11);
}

Statistics statistics_of(const Engine& engine) {
  return calibrate(engine, some_text(engine.config().vocab_size), {});
}

TEST(Statistics, AreTheSecondMomentsOfTheInputs) {
  ThreadPool pool(2);
  Statistics statistics(pool);
  const std::vector<TensorId> both{{0, TensorRole::kKey}, {0, TensorRole::kValue}};
  const std::vector<float> x{1.0F, 2.0F, -3.0F, 0.5F, 0.0F, 4.0F};  // (2, 3)
  statistics.see(both, x.data(), 2, 3);
  statistics.see(both, x.data(), 1, 3);
  const InputMoments* a = statistics.find(both[0]);
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a, statistics.find(both[1]));
  EXPECT_EQ(a->tokens, 3U);
  EXPECT_EQ(a->diagonal, (std::vector<double>{2.25, 8.0, 34.0}));
  EXPECT_EQ(statistics.find(kOutputId), nullptr);
  EXPECT_EQ(statistics.find_nonfinite(), std::nullopt);
  const std::vector<float> bad{1.0F, HUGE_VALF, 0.0F};
  statistics.see({&both[1], 1}, bad.data(), 1, 3);
  EXPECT_EQ(statistics.find_nonfinite(), both[0]);
}

TEST(Statistics, OfAModelHaveEveryMatrixAndDoNotDependOnThreads) {
  for (const char* model : kModels) {
    const Engine one = exact_engine(test_model(model), 1);
    const Engine three = exact_engine(test_model(model), 3);
    const Statistics a = statistics_of(one);
    const Statistics b = statistics_of(three);
    const auto source = test_model(model);
    ConvertOptions options;
    options.formats = GeneralFormats{{FormatId::kI4, 32}, {FormatId::kI8, 0}, {FormatId::kI8, 0}};
    std::size_t found = 0;
    for (const auto& tensor : plan_conversion(*source, options).tensors) {
      if (format_spec(tensor.choice.format).grid == nullptr) continue;
      if (tensor.name.ends_with("embed_tokens.weight") && !tensor.linear) continue;
      const InputMoments* moments = a.find(*tensor.linear);
      ASSERT_NE(moments, nullptr) << tensor.name;
      EXPECT_EQ(moments->diagonal.size(), tensor.info.cols());
      EXPECT_EQ(moments->tokens, 200U);
      EXPECT_EQ(moments->diagonal, b.find(*tensor.linear)->diagonal) << tensor.name;
      ++found;
    }
    EXPECT_GT(found, 10U) << model;
  }
}

TEST(ColumnImportance, IsRelativeAndNeverNothing) {
  const auto importance = column_importance({4, {0.0, 1.0, 3.0, 4.0}});
  EXPECT_EQ(importance, (std::vector<float>{0.01F, 0.51F, 1.51F, 2.01F}));
  EXPECT_TRUE(column_importance({4, {0.0, 0.0}}).empty());
}

// Σ moment · (weight − value)² over a tensor.
double weighted_error(const ModelSource& source, const ModelSource& file,
                      const PlannedTensor& tensor, const InputMoments& moments) {
  const auto index = find_tensor(file, tensor.name);
  const std::size_t cols = tensor.info.cols();
  std::vector<float> want(cols);
  std::vector<float> got(cols);
  double total = 0.0;
  for (std::size_t row = 0; row < tensor.info.rows(); ++row) {
    source.read_rows(tensor.source_index, row, row + 1, want.data());
    file.read_rows(*index, row, row + 1, got.data());
    for (std::size_t c = 0; c < cols; ++c) {
      const double d = static_cast<double>(want[c]) - static_cast<double>(got[c]);
      total += moments.diagonal[c] * d * d;
    }
  }
  return total;
}

struct Case {
  const char* name;
  FormatChoice choice;
};
constexpr Case kCases[] = {{"int8", {FormatId::kI8, 0}},
                           {"int4", {FormatId::kI4, 0}},
                           {"int4-g32", {FormatId::kI4, 32}},
                           {"int2", {FormatId::kI2, 0}},
                           {"q1", {FormatId::kQ1, 0}}};

TEST(Calibrate, WeightedErrorsFallInEveryFormat) {
  for (const char* model : {"llama", "qwen3_5_text"}) {
    const auto source = test_model(model);
    const Engine engine = exact_engine(test_model(model), 2);
    const Statistics statistics = statistics_of(engine);
    ThreadPool pool(2);
    for (const Case& c : kCases) {
      const TestFolder folder;
      ConvertOptions options;
      options.formats = GeneralFormats{c.choice, {FormatId::kF16, 0}, {FormatId::kF16, 0}};
      const ConvertPlan plan = plan_conversion(*source, options);
      convert(*source, plan, folder.path() / "absmax.cellm", pool, {});
      options.scale = ScaleMethod::kMse;
      const ConvertPlan better = plan_conversion(*source, options);
      convert(*source, better, folder.path() / "mse.cellm", pool, {});
      convert(*source, better, folder.path() / "data.cellm", pool, {}, &statistics);
      const auto absmax = open_model_source(folder.path() / "absmax.cellm");
      const auto mse = open_model_source(folder.path() / "mse.cellm");
      const auto data = open_model_source(folder.path() / "data.cellm");
      double absmax_total = 0.0;
      double mse_total = 0.0;
      double data_total = 0.0;
      for (const auto& tensor : plan.tensors) {
        if (tensor.choice != c.choice || !tensor.linear) continue;
        const InputMoments& moments = *statistics.find(*tensor.linear);
        const double before = weighted_error(source->source(), *absmax, tensor, moments);
        const double after = weighted_error(source->source(), *data, tensor, moments);
        EXPECT_LT(after, before) << model << " " << c.name << " " << tensor.name;
        absmax_total += before;
        mse_total += weighted_error(source->source(), *mse, tensor, moments);
        data_total += after;
      }
      EXPECT_LT(data_total, mse_total) << model << " " << c.name;
      if (c.choice.format == FormatId::kI2) {
        EXPECT_LT(mse_total, 0.7 * absmax_total) << model;
      }
    }
  }
}

TEST(Calibrate, ThreadsDoNotChangeTheFile) {
  const auto source = test_model("qwen3_5_text");
  const Engine engine = exact_engine(test_model("qwen3_5_text"), 2);
  const Statistics statistics = statistics_of(engine);
  ConvertOptions options;
  options.formats = GeneralFormats{{FormatId::kI4, 32}, {FormatId::kQ1, 0}, {FormatId::kI2, 0}};
  options.scale = ScaleMethod::kMse;
  options.calibration = CalibrationLabel{200, "0123456789abcdef"};
  const ConvertPlan plan = plan_conversion(*source, options);
  const TestFolder folder;
  std::string first;
  for (const unsigned threads : {1U, 2U, 3U}) {
    ThreadPool pool(threads);
    convert(*source, plan, folder.path() / "m.cellm", pool, {}, &statistics);
    const std::string bytes = file_bytes(folder.path() / "m.cellm");
    EXPECT_EQ(bytes.size(), plan.file_bytes);
    if (threads == 1) first = bytes;
    EXPECT_TRUE(bytes == first) << threads;
  }
  EXPECT_NE(first.find(R"("quantizer":{"scale":"mse","calibration_tokens":200,)"
                       R"("calibration_text":"0123456789abcdef"})"),
            std::string::npos);
}

// On tokens that calibration has not seen.
TEST(Calibrate, FilesComeNearerToTheSource) {
  for (const char* model : {"qwen3", "llama"}) {
    const auto source = test_model(model);
    const Engine engine = exact_engine(test_model(model), 2);
    const Statistics statistics = statistics_of(engine);
    std::vector<std::uint32_t> tokens(100);
    std::mt19937 random(5);
    for (auto& token : tokens) {
      token = static_cast<std::uint32_t>(random() % engine.config().vocab_size);
    }
    ThreadPool pool(2);
    for (const FormatChoice choice : {FormatChoice{FormatId::kI4, 0}, {FormatId::kI2, 0}}) {
      const TestFolder folder;
      ConvertOptions options;
      options.formats = GeneralFormats{choice, {FormatId::kF16, 0}, {FormatId::kF16, 0}};
      convert(*source, plan_conversion(*source, options), folder.path() / "absmax.cellm", pool, {});
      options.scale = ScaleMethod::kAuto;
      convert(*source, plan_conversion(*source, options), folder.path() / "data.cellm", pool, {},
              &statistics);
      const double before = divergence(engine, folder.path() / "absmax.cellm", tokens);
      const double after = divergence(engine, folder.path() / "data.cellm", tokens);
      EXPECT_GT(after, 0.0);
      EXPECT_LT(after, before) << model << " " << format_choice_name(choice);
    }
  }
}

}  // namespace
}  // namespace cellm
