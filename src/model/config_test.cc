#include "model/config.h"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "io/json.h"
#include "model/arch/family.h"
#include "model/rope.h"

namespace cellm {
namespace {

ModelConfig test_config(const std::string& model) {
  const auto path = std::filesystem::path(CELLM_TESTDATA) / "models" / model / "config.json";
  return parse_model_config(file_bytes(path), "config.json");
}

Json qwen3() {
  return Json::parse(R"({"model_type":"qwen3","vocab_size":100,"hidden_size":64,
    "intermediate_size":96,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,
    "head_dim":32,"max_position_embeddings":512,"rms_norm_eps":1e-6,"eos_token_id":[5,6],
    "rope_theta":10000.0,"tie_word_embeddings":true})");
}

Json qwen35() {
  Json config = qwen3();
  config["model_type"] = "qwen3_5_text";
  config.update(Json::parse(R"({"linear_conv_kernel_dim":4,"linear_num_key_heads":2,
    "linear_num_value_heads":4,"linear_key_head_dim":16,"linear_value_head_dim":16})"));
  return config;
}

void expect_refused(const Json& config, std::string_view part, ErrorKind kind = ErrorKind::kData) {
  expect_error(kind, part, [&] { parse_model_config(config.dump(), "config.json"); });
}
void expect_change_refused(Json config, const char* key, const Json& value, std::string_view part,
                           ErrorKind kind = ErrorKind::kData) {
  config[key] = value;
  expect_refused(config, part, kind);
}

TEST(Config, ReadsTheVariantsOfTheTestModels) {
  const ModelConfig old = test_config("llama_old_config_sharded");
  EXPECT_EQ(old.head_dim, old.hidden / old.heads);
  EXPECT_EQ(old.kv_heads, old.heads);
  EXPECT_EQ(old.tied_embedding, std::nullopt);
  EXPECT_FLOAT_EQ(old.rms_norm_eps, 0.01F);

  const ModelConfig untied = test_config("qwen3_5_text_untied");
  EXPECT_EQ(untied.head_dim, 24U);
  EXPECT_EQ(untied.rotary_dim, 12U);
  EXPECT_EQ(untied.delta_net.key_heads, 1U);
  EXPECT_EQ(untied.delta_net.value_heads, 3U);
  EXPECT_EQ(untied.delta_net.conv_kernel, 3U);
  EXPECT_EQ(untied.norm_offset, 1.0F);

  const ModelConfig ragged = test_config("qwen3_5_text_ragged");  // full_attention_interval
  EXPECT_EQ(ragged.rotary_dim * 4, ragged.head_dim);
  EXPECT_TRUE(std::holds_alternative<Llama3Rope>(test_config("llama_rope_llama3").rope_scaling));
  EXPECT_EQ(std::get<LinearRope>(test_config("llama_rope_linear").rope_scaling).factor, 2.0);
  EXPECT_EQ(test_config("qwen3").rope_theta, 1000000.0);
  EXPECT_EQ(test_config("qwen3_5_multimodal").model_type, "qwen3_5_text");
}

TEST(Config, DefaultsAreThoseOfTransformers) {
  Json config = qwen35();
  for (const char* key : {"tie_word_embeddings", "rope_theta", "head_dim", "rms_norm_eps"}) {
    config.erase(key);
  }
  const ModelConfig parsed = parse_model_config(config.dump(), "config.json");
  EXPECT_EQ(parsed.tied_embedding, std::nullopt);
  EXPECT_EQ(parsed.rope_theta, 10000.0);
  EXPECT_EQ(parsed.head_dim, 256U);
  EXPECT_EQ(parsed.rotary_dim, 64U);
  EXPECT_EQ(parsed.layers.size(), 2U);
  EXPECT_EQ(parsed.layers[0].mixer, MixerKind::kGatedDeltaNet);
}

// The defaults of LlamaConfig, Qwen2Config, Qwen3Config and Qwen3_5TextConfig in transformers.
TEST(Config, HasADefaultOfPositions) {
  const auto positions = [](Json config, const char* type) {
    config["model_type"] = type;
    config.erase("max_position_embeddings");
    const ModelConfig parsed = parse_model_config(config.dump(), "config.json");
    EXPECT_EQ(parsed.notes.size(), 1U);
    return parsed.max_positions;
  };
  EXPECT_EQ(positions(qwen3(), "llama"), 2048U);
  EXPECT_EQ(positions(qwen3(), "qwen2"), 32768U);
  EXPECT_EQ(positions(qwen3(), "qwen3"), 32768U);
  EXPECT_EQ(positions(qwen35(), "qwen3_5_text"), 32768U);
  EXPECT_TRUE(parse_model_config(qwen3().dump(), "config.json").notes.empty());
}

TEST(Config, TiesIfEitherFlagSaysSo) {
  const auto tied = [](const Json& root, const Json& text) {
    Json config = {{"model_type", "qwen3_5"}, {"text_config", qwen35()}};
    config["tie_word_embeddings"] = root;
    config["text_config"]["tie_word_embeddings"] = text;
    return parse_model_config(config.dump(), "config.json").tied_embedding;
  };
  EXPECT_EQ(tied(true, false), true);
  EXPECT_EQ(tied(false, true), true);
  EXPECT_EQ(tied(nullptr, true), true);
  EXPECT_EQ(tied(false, nullptr), false);
  EXPECT_EQ(tied(false, false), false);
  EXPECT_EQ(tied(nullptr, nullptr), std::nullopt);
}

TEST(Config, ReadsNumbersThatOnlyPythonKnows) {
  std::string json = qwen3().dump();
  json.insert(json.size() - 1, R"(,"time_step_limit":[0.0,Infinity])");
  EXPECT_EQ(parse_model_config(json, "config.json").hidden, 64U);
  json.insert(json.size() - 1, R"(,"rope_scaling":{"type":"linear","factor":Infinity})");
  expect_error(ErrorKind::kData, "rope_scaling.factor: expected a finite number, found inf",
               [&] { parse_model_config(json, "config.json"); });
}

TEST(Config, RefusesEveryWrongSize) {
  for (const bool hybrid : {false, true}) {
    const Json good = hybrid ? qwen35() : qwen3();
    EXPECT_NO_THROW(parse_model_config(good.dump(), "config.json"));
    for (const auto& [key, value] : good.items()) {
      if (!value.is_number_integer()) continue;
      const std::string path = "config.json: " + key;
      for (const Json& wrong :
           {Json(0), Json(-1), Json(1e300), Json(18446744073709551615U), Json(0.5), Json("12"),
            Json::array({1}), Json(true), Json(4294967296U)}) {
        expect_change_refused(good, key.c_str(), wrong, path);
      }
      Json missing = good;
      missing.erase(key);
      if (key == "num_key_value_heads" || key == "head_dim") continue;  // optional
      if (key == "max_position_embeddings") continue;
      expect_refused(missing, path + " is missing");
      missing[key] = nullptr;
      expect_refused(missing, path + " is missing");
    }
  }
}

TEST(Config, RefusesWrongNumbersAndTypes) {
  expect_change_refused(qwen3(), "rms_norm_eps", -1e-6, "rms_norm_eps: expected 0 to 1");
  expect_change_refused(qwen3(), "rms_norm_eps", 1e300, "rms_norm_eps: expected 0 to 1");
  expect_change_refused(qwen3(), "rms_norm_eps", "1e-6", "rms_norm_eps: expected a number");
  for (const Json& wrong : {Json(0.0), Json(-1.0), Json(1e300), Json(1e-300)}) {
    expect_change_refused(qwen3(), "rope_theta", wrong, "rope_theta: expected");
  }
  expect_change_refused(qwen3(), "tie_word_embeddings", "yes", "expected true or false");
  expect_change_refused(qwen3(), "eos_token_id", -5, "eos_token_id: expected an integer");
  expect_change_refused(qwen3(), "eos_token_id", Json::array({1, "x"}), "eos_token_id[1]");
  expect_change_refused(qwen3(), "eos_token_id", Json(std::vector<int>(65, 1)), "at most 64");
  expect_change_refused(qwen3(), "text_config", 3, "expected an object");
  expect_change_refused(qwen3(), "model_type", 3, "model_type: expected a string");
  expect_change_refused(qwen3(), "num_key_value_heads", 3,
                        "4 attention heads are not a multiple of 3");
  expect_change_refused(qwen3(), "head_dim", 31, "31 rotary dimensions of a head of 31");
  expect_change_refused(qwen35(), "partial_rotary_factor", 0.0,
                        "partial_rotary_factor 0 is not in (0, 1]");
  expect_change_refused(qwen35(), "partial_rotary_factor", 1.5, "is not in (0, 1]");
  expect_change_refused(qwen35(), "partial_rotary_factor", 0.01, "0 rotary dimensions");
  expect_change_refused(qwen35(), "linear_num_value_heads", 3,
                        "3 value heads are not a multiple of 2");
  expect_change_refused(qwen35(), "layer_types", Json::array({"full_attention"}),
                        "1 entries for 2 layers");
  expect_refused(Json::array(), "expected an object");
  expect_error(ErrorKind::kData, "not valid JSON",
               [] { parse_model_config("{\"rope_theta\": nan}", "config.json"); });
}

TEST(Config, RefusesWhatItDoesNotHave) {
  const auto unsupported = [](const Json& base, const char* key, const Json& value,
                              std::string_view part) {
    expect_change_refused(base, key, value, part, ErrorKind::kUnsupported);
  };
  std::vector<std::string_view> known;
  for (const Family* family : families()) {
    known.insert(known.end(), family->model_types.begin(), family->model_types.end());
  }
  unsupported(qwen3(), "model_type", "mistral",
              fmt::format("model_type \"mistral\" is not supported; cellm runs {}",
                          fmt::join(known, ", ")));
  unsupported(qwen3(), "hidden_act", "gelu", "hidden_act \"gelu\" is not supported");
  unsupported(qwen3(), "attention_bias", true, "attention_bias is not supported");
  unsupported(qwen3(), "use_sliding_window", true, "use_sliding_window is not supported");
  unsupported(qwen3(), "partial_rotary_factor", 0.5, "partial_rotary_factor 0.5 is not supported");
  unsupported(qwen35(), "attention_bias", true, "attention_bias is not supported");
  unsupported(qwen3(), "layer_types", Json::array({"full_attention", "sliding_attention"}),
              "layer_types[1]: layer type \"sliding_attention\"");
  unsupported(qwen3(), "layer_types", Json::array({"linear_attention", "full_attention"}),
              "layer type \"linear_attention\" is not supported for this model");
  unsupported(qwen35(), "layer_types", Json::array({"full_attention", "mamba"}), "\"mamba\"");
  unsupported(qwen3(), "rope_scaling", {{"rope_type", "longrope"}, {"factor", 4.0}},
              "rope_type \"longrope\" is not supported; cellm knows default, linear, llama3, yarn");
  unsupported(qwen3(), "rope_parameters", {{"type", "dynamic"}}, "rope_type \"dynamic\"");
  unsupported(qwen3(), "architectures", Json::array({"Qwen3ForSequenceClassification"}),
              "architectures[0] \"Qwen3ForSequenceClassification\" is no language model");
  unsupported(qwen3(), "rope_scaling",
              {{"type", "linear"}, {"factor", 2}, {"partial_rotary_factor", 0.5}},
              "partial_rotary_factor 0.5 is not supported");
  Json llama = qwen3();
  llama["model_type"] = "llama";
  unsupported(llama, "mlp_bias", true, "mlp_bias is not supported");
  unsupported(llama, "attention_bias", true, "attention_bias is not supported");
}

// The values are those of transformers' _compute_yarn_parameters, run in numpy.
TEST(Config, ComputesYarn) {
  const auto frequencies = [](const Json& scaling) {
    Json config = qwen3();
    config["head_dim"] = 16;
    config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 1e6}};
    config["rope_scaling"] = scaling;
    const ModelConfig parsed = parse_model_config(config.dump(), "config.json");
    // rope_scaling replaces rope_parameters as a whole.
    EXPECT_EQ(parsed.rope_theta, 10000.0);
    EXPECT_NEAR(rope_magnitude(parsed), scaling.value("attention_factor", 1.138629436111989), 1e-6);
    return inverse_frequencies(parsed);
  };
  const auto expect = [](const std::vector<float>& got, const std::vector<double>& want) {
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-7 * want[i]) << i;
  };
  Json yarn{{"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 4096}};
  expect(frequencies(yarn),
         {1.0, 0.316227766, 0.1, 0.025693506, 0.00625, 0.00138349648, 0.00025, 7.90569415e-05});
  yarn.update(
      {{"beta_fast", 20}, {"beta_slow", 3}, {"truncate", false}, {"attention_factor", 0.5}});
  expect(frequencies(yarn), {1.0, 0.316227766, 0.1, 0.0316227766, 0.00556822985, 0.000790569415,
                             0.00025, 7.90569415e-05});
  EXPECT_EQ(rope_magnitude(parse_model_config(qwen3().dump(), "config.json")), 1.0F);
  Json long_rope = qwen3();
  long_rope["rope_scaling"] = {{"rope_type", "cellm_rope_factors"},
                               {"factors", std::vector<double>(16, 2.0)},
                               {"attention_factor", 1.25}};
  EXPECT_EQ(rope_magnitude(parse_model_config(long_rope.dump(), "config.json")), 1.25F);
}

TEST(Config, RefusesWrongRopeScaling) {
  const auto scaled = [](const char* json, std::string_view part) {
    expect_change_refused(qwen3(), "rope_scaling", Json::parse(json), part);
  };
  scaled(R"({"rope_type":"linear"})", "factor is missing");
  scaled(R"({"rope_type":"linear","factor":0})", "factor: expected");
  scaled(R"({"rope_type":"linear","factor":-2})", "factor: expected");
  scaled(R"({"rope_type":"llama3","factor":8})", "low_freq_factor is missing");
  scaled(R"({"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4,
             "original_max_position_embeddings":8192})",
         "high_freq_factor must be above");
  scaled(R"({"rope_type":"cellm_rope_factors","factors":[1,2]})",
         "2 rope factors for 16 frequencies");
  scaled(R"({"rope_type":"cellm_rope_factors","factors":[0]})", "factors[0]: expected");
  scaled(R"({"rope_type":"yarn","factor":4,"beta_fast":1,"beta_slow":2})", "is below beta_slow");
  scaled(R"({"rope_type":"yarn","factor":4,"rope_theta":0.5})", "is too small for YaRN");
  scaled(R"({"rope_type":5})", "rope_type: expected a string");
  scaled("[1]", "expected an object");
}

}  // namespace
}  // namespace cellm
