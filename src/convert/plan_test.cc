#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "convert/convert.h"
#include "io/json.h"
#include "io/model_source.h"

namespace cellm {
namespace {

std::shared_ptr<const OpenedModel> test_model(const std::string& name) {
  return open_model(std::filesystem::path(CELLM_TESTDATA) / "models" / name);
}

std::string format_of(const ConvertPlan& plan, const std::string& name) {
  for (const auto& tensor : plan.tensors) {
    if (tensor.name == name) return format_choice_name(tensor.choice);
  }
  return "none";
}

ConvertOptions general(const char* body, const char* embedding, const char* lm_head) {
  ConvertOptions options;
  options.formats = GeneralFormats{parse_format_choice(body), parse_format_choice(embedding),
                                   parse_format_choice(lm_head)};
  options.settle_lm_head = true;
  return options;
}

TEST(Plan, TheLastOverrideThatMatchesWins) {
  const auto source = test_model("qwen3");
  ConvertOptions options = general("int4", "int8", "int8");
  for (const char* text : {"mlp=int8", "layers.1.mlp=f16", "down_proj=q1", "norm|mlp.up=int2"}) {
    options.overrides.push_back(parse_tensor_override(text));
  }
  const ConvertPlan plan = plan_conversion(*source, options);
  EXPECT_EQ(format_of(plan, "model.layers.0.mlp.gate_proj.weight"), "int8");
  EXPECT_EQ(format_of(plan, "model.layers.1.mlp.gate_proj.weight"), "f16");
  EXPECT_EQ(format_of(plan, "model.layers.1.mlp.down_proj.weight"), "q1");
  EXPECT_EQ(format_of(plan, "model.layers.2.mlp.up_proj.weight"), "int2");
  EXPECT_EQ(format_of(plan, "model.layers.0.self_attn.q_proj.weight"), "int4");
  EXPECT_EQ(format_of(plan, "model.norm.weight"), "f16");  // not a matrix, whatever matches
}

TEST(Plan, AnOverrideMustMatchAMatrix) {
  const auto source = test_model("qwen3");
  for (const char* text : {"experts=int8", "layernorm=int8", "^mlp=int8"}) {
    ConvertOptions options = general("int4", "int8", "int8");
    options.overrides.push_back(parse_tensor_override(text));
    expect_error(ErrorKind::kUsage, "matches no matrix",
                 [&] { plan_conversion(*source, options); });
  }
}

TEST(Plan, SettlesTheOutputMatrixOfATiedModel) {
  const auto tied = test_model("qwen3");
  EXPECT_EQ(format_of(plan_conversion(*tied, general("int4", "int8", "int8")), "lm_head.weight"),
            "none");
  const ConvertPlan own = plan_conversion(*tied, general("int4", "f16", "int8"));
  EXPECT_EQ(format_of(own, "lm_head.weight"), "int8");
  EXPECT_TRUE(std::is_sorted(own.tensors.begin(), own.tensors.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
  // The study's modes and recipes write what is stored.
  EXPECT_EQ(format_of(plan_conversion(*tied, {}), "lm_head.weight"), "none");
}

TEST(Plan, KeepsTheOutputMatrixOfAnUntiedModel) {
  const auto untied = test_model("qwen3_untied_f32");
  EXPECT_EQ(format_of(plan_conversion(*untied, general("int4", "int8", "int8")), "lm_head.weight"),
            "int8");
  EXPECT_EQ(format_of(plan_conversion(*untied, general("int4", "int8", "f16")), "lm_head.weight"),
            "f16");
}

TEST(Plan, TextOnlyLeavesOutVisionAndDraft) {
  const auto source = test_model("qwen3_5_multimodal");
  ConvertOptions options;
  const std::size_t all = plan_conversion(*source, options).tensors.size();
  options.text_only = true;
  const ConvertPlan plan = plan_conversion(*source, options);
  EXPECT_EQ(plan.tensors.size() + plan.left_out.size(), all);
  for (const auto& tensor : plan.tensors)
    EXPECT_TRUE(tensor.name.starts_with("model.language_model."));
  EXPECT_FALSE(plan.left_out.empty());
  // A model without other parts keeps all of it.
  EXPECT_TRUE(plan_conversion(*test_model("qwen3"), options).left_out.empty());
}

TEST(Plan, HeaderDescribesTheModel) {
  const ConvertPlan plan = plan_conversion(*test_model("qwen3_5_multimodal"), {});
  const Json header = parse_json(plan.header_json, "header");
  EXPECT_EQ(header["model_type"], "qwen3_5_text");
  EXPECT_EQ(header["source_model_type"], "qwen3_5");
  EXPECT_TRUE(header["source_text_config"].is_object());
  const Json qwen3 = parse_json(plan_conversion(*test_model("qwen3"), {}).header_json, "header");
  EXPECT_EQ(qwen3["rope_theta"], 1000000.0);  // read from rope_parameters, unlike the original
}

// A copy of a test model with its config changed.
std::shared_ptr<const OpenedModel> changed(const TestFolder& folder, const std::string& name,
                                           std::string_view from, std::string_view to) {
  const auto model = std::filesystem::path(CELLM_TESTDATA) / "models" / name;
  std::string config = file_bytes(model / "config.json");
  replace_once(config, from, to);
  folder.write("config.json", config);
  folder.write("model.safetensors", file_bytes(model / "model.safetensors"));
  return open_model(folder.path());
}

TEST(Plan, RefusesIncompleteModels) {
  const TestFolder folder;
  const auto refused = [&](const std::string& name, std::string_view from, std::string_view to,
                           std::string_view part, ErrorKind kind = ErrorKind::kData) {
    expect_error(kind, part, [&] { plan_conversion(*changed(folder, name, from, to), {}); });
  };
  refused("qwen3_untied_f32", "\"intermediate_size\": ", "\"intermediate_size\": 1",
          "the configuration needs [1");
  refused("qwen3", "\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false",
          "tensor lm_head.weight is missing and tie_word_embeddings is false");
  refused("qwen3", "\"model_type\": \"qwen3\"", "\"model_type\": \"gemma\"",
          "model_type \"gemma\" is not supported; cellm runs", ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace cellm
