#include "convert/rules.h"

#include <string>

#include "base/test_files.h"

namespace cellm {
namespace {

TensorInfo tensor(const std::string& name, const std::vector<std::size_t>& shape) {
  TensorInfo info;
  info.name = name;
  info.shape = shape;
  return info;
}
TensorInfo matrix(const std::string& name) {
  return tensor(name, {8, 8});
}

std::string chosen(StudyMode mode, const std::string& name,
                   std::string_view type = "qwen3_5_text") {
  return format_choice_name(study_choice(mode, type, matrix(name)));
}

// One row for each kind of tensor: what int8, int4, int2 and 1-bit make of it.
struct Row {
  const char* name;
  const char* int8;
  const char* int4;
  const char* int2;
  const char* int1;
};
constexpr Row kRows[] = {
    {"model.layers.0.self_attn.q_proj.weight", "int8", "int4", "int2", "q1"},
    {"model.layers.0.mlp.down_proj.weight", "int8", "int4", "int2", "q1"},
    {"model.layers.0.linear_attn.in_proj_a.weight", "f16", "f16", "int2", "q1"},
    {"model.layers.0.other.weight", "int8", "f16", "int2", "q1"},
    {"model.layers.0.input_layernorm.weight", "f16", "f16", "f16", "f16"},
    {"model.layers.0.self_attn.q_norm.weight", "f16", "int4", "f16", "q1"},
    {"model.language_model.layers.3.mlp.up_proj.weight", "int8", "int4", "int2", "q1"},
    {"model.language_model.layers.3.linear_attn.out_proj.weight", "f16", "f16", "int2", "q1"},
    {"model.text_model.layers.3.mlp.up_proj.weight", "int8", "int4", "int2", "q1"},
    {"language_model.model.layers.3.mlp.up_proj.weight", "int8", "int4", "f16", "q1"},
    {"model.embed_tokens.weight", "int8", "int4", "f16", "q1"},
    {"model.language_model.embed_tokens.weight", "f16", "int4", "f16", "q1"},
    {"lm_head.weight", "int8", "int4", "f16", "q1"},
    {"model.lm_head.weight", "int8", "int4", "f16", "q1"},
    {"mtp.layers.0.mlp.up_proj.weight", "f16", "int4", "f16", "q1"},
    {"mtp.fc.weight", "f16", "f16", "f16", "f16"},
    {"model.visual.blocks.0.mlp.linear_fc1.weight", "f16", "int4", "f16", "q1"},
    {"model.visual.blocks.0.attn.qkv.weight", "f16", "f16", "f16", "f16"},
    {"model.visual.pos_embed.weight", "f16", "f16", "f16", "f16"},
};

TEST(Rules, StudyModesChooseByName) {
  for (const Row& row : kRows) {
    EXPECT_EQ(chosen(StudyMode::kF16, row.name), "f16") << row.name;
    EXPECT_EQ(chosen(StudyMode::kInt8, row.name), row.int8) << row.name;
    EXPECT_EQ(chosen(StudyMode::kInt4, row.name), row.int4) << row.name;
    EXPECT_EQ(chosen(StudyMode::kInt2, row.name), row.int2) << row.name;
    EXPECT_EQ(chosen(StudyMode::kInt1, row.name), row.int1) << row.name;
    const std::string fp8 = std::string_view(row.int8) == "int8" ? "fp8" : "f16";
    EXPECT_EQ(chosen(StudyMode::kFp8, row.name), fp8) << row.name;
  }
}

TEST(Rules, LlamaInt8LeavesTheEmbedding) {
  EXPECT_EQ(chosen(StudyMode::kInt8, "model.embed_tokens.weight", "llama"), "f16");
  EXPECT_EQ(chosen(StudyMode::kInt8, "lm_head.weight", "llama"), "f16");
  EXPECT_EQ(chosen(StudyMode::kInt8, "model.layers.0.mlp.up_proj.weight", "llama"), "int8");
  EXPECT_EQ(chosen(StudyMode::kInt4, "model.embed_tokens.weight", "llama"), "int4");
}

TEST(Rules, OnlyMatricesNamedWeightAreCandidates) {
  EXPECT_FALSE(is_candidate(tensor("model.layers.0.mlp.up_proj.bias", {8, 8})));
  EXPECT_FALSE(is_candidate(tensor("model.layers.0.linear_attn.A_log", {8})));
  EXPECT_FALSE(is_candidate(tensor("model.layers.0.linear_attn.conv1d.weight", {8, 1, 4})));
  EXPECT_FALSE(is_candidate(tensor("model.layers.0.mlp.weight_scale", {8, 8})));
  EXPECT_TRUE(is_candidate(matrix("x.weight")));
}

TEST(Rules, GeneralFormatsChooseByClass) {
  const GeneralFormats formats{{FormatId::kI4, 32}, {FormatId::kI8, 0}, {FormatId::kQ1, 0}};
  const auto name = [&](const std::string& of) {
    return format_choice_name(general_choice(formats, tensor_class(matrix(of))));
  };
  EXPECT_EQ(name("model.layers.0.self_attn.q_proj.weight"), "int4-g32");
  EXPECT_EQ(name("model.layers.0.linear_attn.in_proj_qkv.weight"), "int4-g32");
  EXPECT_EQ(name("model.language_model.layers.0.mlp.up_proj.weight"), "int4-g32");
  EXPECT_EQ(name("model.language_model.embed_tokens.weight"), "int8");
  EXPECT_EQ(name("lm_head.weight"), "q1");
  for (const char* kept :
       {"model.layers.0.linear_attn.in_proj_a.weight", "mtp.layers.0.mlp.up_proj.weight",
        "model.visual.blocks.0.mlp.linear_fc1.weight", "model.norm.weight"}) {
    EXPECT_EQ(name(kept), "f16") << kept;
  }
}

TEST(Rules, RecipesAreThoseOfTheStudy) {
  const auto text = [](const char* recipe) {
    const GeneralFormats f = recipe_formats(recipe);
    return format_choice_name(f.body) + " " + format_choice_name(f.embedding) + " " +
           format_choice_name(f.lm_head);
  };
  EXPECT_EQ(text("int8"), "int8 int8 f16");
  EXPECT_EQ(text("int4-g32"), "int4-g32 f16 f16");
  EXPECT_EQ(text("mixed-int4"), "int4-g128 f16 f16");
  EXPECT_EQ(text("int4-g128"), "int4-g128 int4-g128 f16");
  EXPECT_EQ(text("test-i4"), "int4 int4 f16");
  EXPECT_EQ(text("int4-aggressive"), "int4 int4 int4");
  expect_error(ErrorKind::kUsage, "recipe \"x\\x0a\" is unknown; use int8, int4-g32",
               [] { recipe_formats("x\n"); });
}

TEST(Rules, TextOnlyKeepsTheTextStack) {
  for (const char* kept :
       {"model.language_model.norm.weight", "language_model.model.norm.weight",
        "model.text_model.norm.weight", "text_model.norm.weight", "lm_head.weight"}) {
    EXPECT_TRUE(is_text_tensor(kept, true)) << kept;
  }
  EXPECT_TRUE(is_text_tensor("model.layers.0.mlp.up_proj.weight", false));
  EXPECT_FALSE(is_text_tensor("model.visual.pos_embed.weight", true));
  EXPECT_FALSE(is_text_tensor("mtp.fc.weight", false));
}

TEST(FormatChoice, ReadsItsNames) {
  for (const char* name :
       {"f16", "int8", "int4", "int4-g8", "int4-g32", "int4-g1024", "int2", "q1", "fp8"}) {
    EXPECT_EQ(format_choice_name(parse_format_choice(name)), name);
  }
  for (const char* name : {"", "f32", "int4-", "int4-g", "int4-g7", "int4-g1025", "int4-g32x",
                           "int4-g-8", "int8-g32", "INT4", "int4-g99999999999999999999"}) {
    expect_error(ErrorKind::kUsage, "is unknown; use f16", [&] { parse_format_choice(name); });
  }
}

TEST(FormatChoice, MayBeKeepWhereThatIsPossible) {
  EXPECT_EQ(parse_format_or_keep("keep"), std::nullopt);
  EXPECT_EQ(parse_format_or_keep("int8")->format, FormatId::kI8);
  expect_error(ErrorKind::kUsage, ", or keep", [] { parse_format_or_keep("kept"); });
  expect_error(ErrorKind::kUsage, ", or keep", [] { parse_tensor_override("a=kept"); });
}

TEST(FormatChoice, GroupsDivideTheRow) {
  const FormatChoice g32{FormatId::kI4, 32};
  EXPECT_EQ(group_for(g32, 128, "t"), 32U);
  EXPECT_EQ(group_for(g32, 72, "t"), 24U);
  EXPECT_EQ(group_for(g32, 16, "t"), 16U);
  EXPECT_EQ(group_for({FormatId::kI8, 0}, 100, "t"), 100U);
  EXPECT_EQ(group_for({FormatId::kQ1, 0}, 100, "t"), 0U);
  expect_error(ErrorKind::kUsage, "t: 37 columns have no equal groups of 8 to 32",
               [&] { group_for(g32, 37, "t"); });
}

TEST(TensorOverride, ReadsPatternAndFormat) {
  const auto item = parse_tensor_override("a=b=int8");
  EXPECT_EQ(item.pattern, "a=b");
  EXPECT_EQ(item.choice, (FormatChoice{FormatId::kI8, 0}));
  for (const char* text : {"", "int8", "=int8"}) {
    expect_error(ErrorKind::kUsage, "expected REGEX=FORMAT", [&] { parse_tensor_override(text); });
  }
  expect_error(ErrorKind::kUsage, "is unknown", [] { parse_tensor_override("a=int3"); });
}

}  // namespace
}  // namespace cellm
