// Folders that convert() writes, against their sources.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "convert/output.h"
#include "convert/test_conversion.h"
#include "format/formats.h"
#include "io/safetensors.h"
#include "model/gguf/test_source.h"
#include "tokenizer/tokenizer.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

const fs::path kTestData = CELLM_TESTDATA;
const fs::path kTiny = kTestData.parent_path() / "models" / "cellm-tiny";

ConvertOptions into(Container container, const OpenedModel& source) {
  ConvertOptions options;
  options.container = container;
  options.settle_lm_head = true;
  const FormatChoice choice = folder_choice(source.source());
  options.formats = GeneralFormats{choice, choice, choice};
  return options;
}

void write(const OpenedModel& source, Container container, const fs::path& path) {
  ThreadPool pool(2);
  convert(source, plan_conversion(source, into(container, source)), path, pool, {});
}

// All tensors of a folder: matrices with the same bytes, vectors with the same values.
void expect_same_tensors(const fs::path& a, const fs::path& b) {
  const SafetensorsFile want = open_safetensors(a / "model.safetensors");
  const SafetensorsFile got = open_safetensors(b / "model.safetensors");
  const auto want_source = open_model(a);
  const auto got_source = open_model(b);
  ASSERT_EQ(got.entries.size(), want.entries.size());
  EXPECT_EQ(got.format, "pt");
  for (std::size_t i = 0; i < want.entries.size(); ++i) {
    const SafetensorsEntry& entry = want.entries[i];
    SCOPED_TRACE(entry.name);
    EXPECT_EQ(got.entries[i].name, entry.name);
    EXPECT_EQ(got.entries[i].shape, entry.shape);
    if (entry.shape.size() == 2) {
      EXPECT_EQ(got.entries[i].dtype, entry.dtype);
      EXPECT_TRUE(std::ranges::equal(got.entries[i].data, entry.data));
      continue;
    }
    const bool decay = entry.name.ends_with("A_log");  // an exponential in between
    const std::vector<float> x = read_all(want_source->source(), i);
    const std::vector<float> y = read_all(got_source->source(), i);
    for (std::size_t c = 0; c < x.size(); ++c) {
      EXPECT_NEAR(y[c], x[c], decay ? 2e-7F * (1.0F + std::fabs(x[c])) : 0.0F);
    }
  }
}

// Folder to GGUF and back.
TEST(FolderOutput, RoundTripThroughGgufIsTheFolder) {
  const TestFolder folder;
  write(*open_model(kTiny), Container::kGguf, folder.path() / "m.gguf");
  write(*open_model(folder.path() / "m.gguf"), Container::kFolder, folder.path() / "out");
  const fs::path out = folder.path() / "out";
  expect_same_tensors(kTiny, out);
  const auto source = open_model(kTiny);
  const auto again = open_model(out);
  const std::string text = "It's 42\u00e9\u00a0years <|im_start|>old.\n\n";
  EXPECT_EQ(again->tokenizer()->encode(text, true), source->tokenizer()->encode(text, true));
  EXPECT_TRUE(again->tokenizer()->spec().added == source->tokenizer()->spec().added);
  EXPECT_EQ(again->chat_template(), source->chat_template());
  EXPECT_EQ(again->special_tokens(), source->special_tokens());
  for (const char* key : {"hidden_size", "layer_types", "rope_parameters", "vocab_size",
                          "tie_word_embeddings", "model_type", "architectures", "eos_token_id"}) {
    EXPECT_EQ(again->config_document()[key], source->config_document()[key]) << key;
  }
  EXPECT_EQ(again->config_document()["torch_dtype"], "bfloat16");
}

TEST(FolderOutput, GivesTheLogitsOfItsSource) {
  for (const char* name : {"qwen3", "llama", "llama_rope_llama3", "qwen2_untied", "qwen3_5_text",
                           "qwen3_5_multimodal", "qwen3_5_text_ragged", "qwen3_5_text_untied"}) {
    SCOPED_TRACE(name);
    const TestFolder folder;
    const auto source = test_model(name);
    write(*source, Container::kFolder, folder.path() / "out");
    EXPECT_EQ(divergence(exact_engine(source, 2), folder.path() / "out", {1, 7, 3, 2, 11, 5}), 0.0);
  }
}

TEST(FolderOutput, HoldsTheTextModelAlone) {
  const TestFolder folder;
  write(*test_model("qwen3_5_multimodal"), Container::kFolder, folder.path() / "out");
  const auto out = open_model(folder.path() / "out");
  EXPECT_FALSE(out->config_document().contains("vision_config"));
  EXPECT_EQ(out->config_document()["model_type"], "qwen3_5_text");
  EXPECT_EQ(out->config_document()["architectures"][0], "Qwen3_5ForCausalLM");
  for (const TensorInfo& info : out->source().tensors()) {
    EXPECT_TRUE(info.name.starts_with("model.") || info.name == "lm_head.weight") << info.name;
  }
}

// A GGUF file has Llama 3's rope as a table.
TEST(FolderOutput, NamesTheRopeOfLlama3) {
  const TestFolder folder;
  const auto source = test_model("llama_rope_llama3");
  write(*source, Container::kGguf, folder.path() / "m.gguf");
  const auto gguf = open_model(folder.path() / "m.gguf");
  const Json& rope = source->config_document()["rope_scaling"];
  write(*gguf, Container::kFolder, folder.path() / "out");
  const auto out = open_model(folder.path() / "out");
  for (const char* key :
       {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}) {
    EXPECT_EQ(out->config_document()["rope_parameters"][key], rope[key]) << key;
  }
}

TEST(FolderOutput, RefusesAFolderWithFiles) {
  const TestFolder folder;
  folder.write("something", "here");
  expect_error(ErrorKind::kUsage, "exists already",
               [&] { write(*test_model("qwen3"), Container::kFolder, folder.path()); });
  EXPECT_EQ(file_bytes(folder.path() / "something"), "here");
}

}  // namespace
}  // namespace cellm
