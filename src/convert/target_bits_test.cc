#include "convert/target_bits.h"

#include <cstdio>
#include <limits>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_files.h"
#include "convert/test_conversion.h"
#include "format/block_coding.h"

namespace cellm {
namespace {

CalibrationText some_text(const OpenedModel& model) {
  const auto vocab = model.config().vocab_size;
  std::mt19937 random(12);
  CalibrationText text;
  for (int w = 0; w < 6; ++w) {
    auto& window = (w < 4 ? text.windows : text.held_out).emplace_back(80);
    for (auto& token : window) token = static_cast<std::uint32_t>(random() % vocab);
    if (w < 4) text.label.tokens += window.size();
  }
  text.label.text_checksum = "0123456789abcdef";
  text.label.feedback = true;
  return text;
}

struct Search {
  ConvertOptions options;
  ConvertPlan plan;
};
Search search_of(const OpenedModel& model, const TargetBits& wanted, const CalibrationText& text,
                 const std::vector<TensorOverride>& overrides = {},
                 Container container = Container::kCellm) {
  ConvertOptions options;
  options.container = container;
  options.formats = GeneralFormats{};
  options.settle_lm_head = true;
  options.scale = ScaleMethod::kAuto;
  options.calibration = text.label;
  options.overrides = overrides;
  options = with_probe_formats(options, wanted);
  return {options, plan_conversion(model, options)};
}

// The search for a number of bits, and the plan with the formats that it has found.
struct Found {
  FoundFormats formats;
  ConvertPlan plan;
  std::size_t tensors;  // of the plan before
};
Found search_in(const std::shared_ptr<const OpenedModel>& source, double bits,
                const CalibrationText& text, ThreadPool& pool,
                Container container = Container::kCellm) {
  const TargetBits wanted{bits, false, false};
  const Search search = search_of(*source, wanted, text, {}, container);
  require_reachable(search.plan, search.options, wanted);
  FoundFormats formats =
      find_formats(*source, search.plan, search.options, wanted, text, pool, {}, {});
  ConvertPlan plan = plan_conversion(*source, formats.options);
  return {std::move(formats), std::move(plan), search.plan.tensors.size()};
}

TEST(GaussianError, IsThatOfTheTablesAndFallsWithTheBits) {
  // As tools/train_trellis_tables.cc measured them on 2,000 tiles; these are 256.
  for (const auto& [format, error] : {std::pair{FormatId::kT4, 0.00511},
                                      {FormatId::kT3, 0.01984},
                                      {FormatId::kT2, 0.07370},
                                      {FormatId::kT1H, 0.14671},
                                      {FormatId::kT1, 0.27421}}) {
    EXPECT_NEAR(gaussian_error({format, 0}), error, 0.05 * error) << static_cast<int>(format);
  }
  double last = 1.0;
  for (const FormatChoice& choice : target_choices(Container::kCellm)) {
    const double error = gaussian_error(choice);
    EXPECT_LT(error, last) << format_choice_name(choice);
    last = error;
  }
}

TEST(FindFormats, KeepsToTheBitsAndPredictsLessLossWithMore) {
  for (const char* name : kModels) {
    SCOPED_TRACE(name);
    const auto source = test_model(name);
    const CalibrationText text = some_text(*source);
    double last = std::numeric_limits<double>::infinity();
    for (const double bits : {5.0, 16.0}) {
      ThreadPool pool(2);
      const auto [found, plan, tensors] = search_in(source, bits, text, pool);
      EXPECT_LE(bits_per_weight(plan), bits);
      EXPECT_LT(found.predicted_kld, last);
      EXPECT_GT(found.predicted_kld, 0.0);
      last = found.predicted_kld;
      // Nothing else than the body, the embedding and the output matrix got another format.
      for (const PlannedTensor& tensor : plan.tensors) {
        const bool small = tensor_class(tensor.info) == TensorClass::kSmall;
        EXPECT_EQ(tensor.choice.format == FormatId::kF16, small) << tensor.name;
        if (bits == 16.0 && !small) {
          EXPECT_EQ(tensor.choice.format, FormatId::kI8) << tensor.name;
        }
      }
      EXPECT_EQ(plan.tensors.size(), tensors);
    }
  }
}

// Block formats only, and those of 32 weights in rows that are no multiple of 256.
TEST(FindFormats, GivesAGgufTypesThatFitItsRows) {
  for (const char* name : {"qwen3", "llama"}) {
    SCOPED_TRACE(name);
    const auto source = test_model(name);
    const CalibrationText text = some_text(*source);
    double last = std::numeric_limits<double>::infinity();
    for (const double bits : {6.5, 9.0}) {
      ThreadPool pool(2);
      const auto [found, plan, tensors] = search_in(source, bits, text, pool, Container::kGguf);
      EXPECT_LE(bits_per_weight(plan), bits);
      EXPECT_GT(found.predicted_kld, 0.0);
      EXPECT_LT(found.predicted_kld, last);
      last = found.predicted_kld;
      EXPECT_EQ(plan.tensors.size(), tensors);
      for (const PlannedTensor& tensor : plan.tensors) {
        if (tensor_class(tensor) == TensorClass::kSmall) continue;
        EXPECT_NE(find_block_coding(tensor.choice.format), nullptr) << tensor.name;
      }
      const TestFolder folder;
      convert(*source, plan, folder.path() / "m.gguf", pool, {});
      EXPECT_LT(divergence(exact_engine(source, 2), folder.path() / "m.gguf", {1, 7, 3, 2, 11, 5}),
                0.1);
    }
  }
}

// An embedding that is asked for is not replaced.
TEST(FindFormats, RefusesAGivenTypeThatDoesNotFit) {
  const auto source = test_model("llama");
  ASSERT_NE(source->config().hidden % 256, 0U);
  const CalibrationText text = some_text(*source);
  const TargetBits wanted{6.5, true, false};
  ConvertOptions options =
      search_of(*source, {6.5, false, false}, text, {}, Container::kGguf).options;
  auto& formats = std::get<GeneralFormats>(options.formats);
  formats.embedding = formats.lm_head = {FormatId::kQ4K, 0};
  options = with_probe_formats(options, wanted);
  try {
    plan_conversion(*source, options);
    FAIL() << "rows of the embedding do not fit";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  }
}

TEST(FindFormats, DoesNotDependOnThreads) {
  const auto source = test_model("qwen3_5_text");
  const CalibrationText text = some_text(*source);
  const TargetBits wanted{5.5, false, false};
  const Search search = search_of(*source, wanted, text);
  std::map<std::string, FormatChoice> first;
  for (const unsigned threads : {1U, 3U}) {
    ThreadPool pool(threads);
    const auto found =
        find_formats(*source, search.plan, search.options, wanted, text, pool, {}, {});
    if (first.empty()) first = found.options.allocated;
    EXPECT_EQ(found.options.allocated, first);
  }
  EXPECT_FALSE(first.empty());
}

TEST(FindFormats, LeavesAloneWhatIsGiven) {
  const auto source = test_model("llama");
  const CalibrationText text = some_text(*source);
  const TargetBits wanted{4.0, true, true};
  Search search = search_of(*source, wanted, text, {parse_tensor_override("v_proj=int4")});
  auto& formats = std::get<GeneralFormats>(search.options.formats);
  formats.embedding = formats.lm_head = {FormatId::kF16, 0};
  search.plan = plan_conversion(*source, search.options);
  ThreadPool pool(2);
  const auto found = find_formats(*source, search.plan, search.options, wanted, text, pool, {}, {});
  std::uint64_t bytes = 0;
  std::uint64_t weights = 0;
  for (const PlannedTensor& tensor : plan_conversion(*source, found.options).tensors) {
    if (tensor.name.find("v_proj") != std::string::npos) {
      EXPECT_EQ(tensor.choice.format, FormatId::kI4) << tensor.name;
    } else if (is_embedding(tensor) || tensor.linear == kOutputId) {
      EXPECT_EQ(tensor.choice.format, FormatId::kF16) << tensor.name;
    } else {
      bytes += tensor.code_bytes + tensor.scale_bytes;
      weights += tensor.info.rows() * tensor.info.cols();
    }
  }
  EXPECT_LE(static_cast<double>(bytes) * 8.0, 4.0 * static_cast<double>(weights));
}

TEST(RequireReachable, NamesTheLeast) {
  const auto source = test_model("llama");
  const CalibrationText text = some_text(*source);
  const TargetBits wanted{0.6, false, false};
  const Search search = search_of(*source, wanted, text);
  try {
    require_reachable(search.plan, search.options, wanted);
    FAIL() << "0.6 bits are not reachable";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    double least = 0.0;
    ASSERT_EQ(std::sscanf(error.what(), "0.6: this model takes at least %lf bits", &least), 1)
        << error.what();
    EXPECT_NO_THROW(require_reachable(search.plan, search.options, {least, false, false}));
    EXPECT_THROW(require_reachable(search.plan, search.options, {least - 0.002, false, false}),
                 Error);
  }
}

}  // namespace
}  // namespace cellm
