#include "tune/tuned_file.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "convert/convert.h"
#include "engine/opened_model.h"
#include "tune/teacher.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* model;
  const char* format;
  bool packed;
};

class TunedFile : public ::testing::TestWithParam<Case> {};

// Changes everything that can be in the file at `path`, writes it to `target`, and compares what
// that gives with what the student gives.
void tune_and_compare(const fs::path& path, const fs::path& target) {
  ThreadPool pool(2);
  ActivationScratch scratch;
  const Compute compute{kernel_table(), pool, scratch};
  const auto opened = open_model(path);
  Model model = opened->weights();
  Student student(compute, model, true);
  const auto parameters = student.parameters();
  const CellmFile& file = *opened->source().cellm_file();
  const std::string prefix = opened->text_prefix();
  const auto chosen = storable_parameters(file.header, prefix, parameters);
  ASSERT_GT(chosen.size(), model.layers.size());
  for (const std::size_t index : chosen) {
    for (std::size_t i = 0; i < parameters[index].values.size(); ++i)
      parameters[index].values[i] *= 1.0F + 0.05F * std::sin(static_cast<float>(i + index));
  }
  write_tuned(file, target, prefix, parameters, chosen,
              [](nlohmann::ordered_json& json) { json["tuned"] = true; });
  verify_cellm(open_cellm_file(target));
  Model tuned_model = open_model(target)->weights();
  unpack_weights(tuned_model, pool);
  std::vector<std::uint32_t> tokens(24);
  std::mt19937 random(5);
  for (auto& token : tokens) token = static_cast<std::uint32_t>(random() % model.config.vocab_size);
  const auto want = student.forward(compute, tokens);
  const auto got = final_streams(compute, tuned_model, tokens);
  double squares = 0.0;
  double errors = 0.0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    squares += std::pow(static_cast<double>(want[i]), 2);
    errors += std::pow(static_cast<double>(want[i] - got[i]), 2);
  }
  // Scales and norms are rounded to 11 bits.
  EXPECT_LT(std::sqrt(errors / squares), 0.01);
}

// Whatever the layout of the scales: the file gives what the student gives with its factors, and so
// does one that is tuned again.
TEST_P(TunedFile, IsTheStudent) {
  const auto& [name, format, packed] = GetParam();
  const TestFolder folder;
  const fs::path path = folder.path() / "m.cellm";
  const fs::path tuned = folder.path() / "tuned.cellm";
  {
    const auto source = open_model(fs::path(CELLM_TESTDATA) / "models" / name);
    ConvertOptions options;
    options.formats =
        GeneralFormats{parse_format_choice(format), {FormatId::kI8, 0}, {FormatId::kI8, 0}};
    options.packed = packed;
    ThreadPool pool(2);
    convert(*source, plan_conversion(*source, options), path, pool, {});
  }
  tune_and_compare(path, tuned);
  tune_and_compare(tuned, tuned);
}

INSTANTIATE_TEST_SUITE_P(
    Formats, TunedFile,
    ::testing::Values(Case{"qwen3", "int8", false}, Case{"qwen3", "int4", false},
                      Case{"qwen3", "int4-g32", false}, Case{"qwen3", "int2", false},
                      Case{"qwen3", "q1", false}, Case{"qwen3", "t2", false},
                      Case{"qwen3", "int4-g32", true}, Case{"qwen3", "int8", true},
                      Case{"llama", "int4", true}, Case{"qwen3_5_text_ragged", "int4", false},
                      Case{"qwen3_5_text_ragged", "t4", false},
                      Case{"qwen3_5_text_untied", "q1", true}));

}  // namespace
}  // namespace cellm
