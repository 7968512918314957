// Corrected targets in a conversion along a text.
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_files.h"
#include "base/test_models.h"
#include "convert/calibrated_conversion.h"
#include "convert/test_calibration.h"
#include "convert/test_conversion.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

CalibratedOptions plain_targets() {
  CalibratedOptions options;
  options.targets.reset();
  return options;
}

// The divergence of a file from its source over all windows.
double divergence_over(const Engine& engine, const OpenedModel& source, const ConvertPlan& plan,
                       const CalibratedTensors& codes, const CalibrationText& text,
                       ThreadPool& pool) {
  const TestFolder folder;
  const fs::path file = folder.path() / "m.cellm";
  convert(source, plan, file, pool, {}, nullptr, &codes.tensors);
  double sum = 0.0;
  for (const auto& window : text.windows) sum += divergence(engine, file, window);
  return sum / static_cast<double>(text.windows.size());
}

// Every family, on the text of the calibration: the targets make up for the errors before them.
TEST(CorrectedConversion, CorrectedTargetsComeNearerToTheSource) {
  for (const std::string& name : family_models()) {
    SCOPED_TRACE(name);
    const auto source = test_model(name);
    const Engine engine = exact_engine(source, 2);
    const CalibrationText text = some_text(*source);
    ThreadPool pool(2);
    for (const FormatChoice body : {FormatChoice{FormatId::kI2, 0}, {FormatId::kF8E4M3, 0}}) {
      const ConvertPlan plan = plan_of(*source, text, body);
      const CalibratedTensors plain =
          quantize_along_text(*source, plan, text, pool, plain_targets(), {});
      const CalibratedTensors corrected = quantize_along_text(*source, plan, text, pool, {}, {});
      EXPECT_LT(divergence_over(engine, *source, plan, corrected, text, pool),
                divergence_over(engine, *source, plan, plain, text, pool))
          << format_choice_name(body);
      EXPECT_TRUE(plain.targets.empty());
      std::size_t in_layers = 0;
      for (const auto& tensor : plan.tensors) {
        in_layers += is_coded(tensor) && tensor.linear && tensor.linear != kOutputId ? 1U : 0U;
      }
      EXPECT_EQ(corrected.targets.size(), in_layers);  // the embedding has codes
      for (const TargetChange& target : corrected.targets) {
        EXPECT_GT(target.relative, 0.0) << target.tensor;
        EXPECT_TRUE(std::isfinite(target.relative)) << target.tensor;
      }
    }
  }
}

// With an exact embedding the inputs of the first layer are those of the source, and its first
// matrices are what they are without correction.
TEST(CorrectedConversion, EqualInputsNeedNoCorrection) {
  for (const char* name : {"qwen3", "qwen3_5_text"}) {
    const auto source = test_model(name);
    const CalibrationText text = some_text(*source);
    ConvertOptions options = options_of(text, {FormatId::kT2, 0});
    options.formats = GeneralFormats{{FormatId::kT2, 0}, {FormatId::kF16, 0}, {FormatId::kF16, 0}};
    const ConvertPlan plan = plan_conversion(*source, options);
    ThreadPool pool(2);
    const CalibratedTensors plain =
        quantize_along_text(*source, plan, text, pool, plain_targets(), {});
    const CalibratedTensors corrected = quantize_along_text(*source, plan, text, pool, {}, {});
    std::size_t equal = 0;
    for (const auto& tensor : plan.tensors) {
      if (!has_codes(tensor)) continue;
      const bool first =
          tensor.linear->layer == 0 &&
          (tensor.linear->role == TensorRole::kQuery || tensor.linear->role == TensorRole::kKey ||
           tensor.linear->role == TensorRole::kValue ||
           tensor.linear->role == TensorRole::kDeltaInput ||
           tensor.linear->role == TensorRole::kDeltaGate);
      const auto a = corrected.tensors.at(tensor.name)->codes.span();
      const auto b = plain.tensors.at(tensor.name)->codes.span();
      EXPECT_EQ(std::equal(a.begin(), a.end(), b.begin(), b.end()), first) << tensor.name;
      equal += first ? 1U : 0U;
      const bool named =
          std::any_of(corrected.targets.begin(), corrected.targets.end(),
                      [&](const TargetChange& target) { return target.tensor == tensor.name; });
      EXPECT_EQ(named, !first) << tensor.name;
    }
    EXPECT_GE(equal, 2U);
  }
}

}  // namespace
}  // namespace cellm
