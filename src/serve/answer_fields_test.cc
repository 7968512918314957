#include "serve/answer_fields.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "serve/api_error.h"

namespace cellm {
namespace {

constexpr std::size_t kVocab = 1000;

AnswerFields read(const char* json) {
  const OrderedJson body = parse_body(json);
  return read_answer_fields(Fields(body), kVocab);
}

// The field that is refused; empty if none is.
std::string refused(const char* json) {
  try {
    read(json);
  } catch (const ApiError& error) {
    EXPECT_EQ(error.status, 400);
    return error.param;
  }
  return {};
}

TEST(AnswerFields, AreThoseOfTheRequest) {
  const AnswerFields fields = read(
      R"({"temperature":0.5,"top_p":0.9,"top_k":-1,"n":3,"seed":7,"stop":["a","b"],"stream":true,
          "stream_options":{"include_usage":true},"logit_bias":{"5":-100,"6":2},"max_tokens":9,
          "repeat_penalty":1.1,"cache_prompt":false,"whatever":[1],"min_p":null})");
  EXPECT_EQ(fields.sampling.temperature, 0.5F);
  EXPECT_EQ(fields.sampling.top_k, std::size_t{0});
  EXPECT_FALSE(fields.sampling.min_p);
  EXPECT_EQ(fields.answers, 3U);
  EXPECT_EQ(fields.seed, 7U);
  EXPECT_EQ(fields.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(fields.stream && fields.include_usage);
  EXPECT_FALSE(fields.use_cache);
  EXPECT_EQ(fields.max_tokens, std::size_t{9});
  ASSERT_EQ(fields.logit_bias.size(), 2U);
  EXPECT_TRUE(std::isinf(fields.logit_bias[0].bias));
  EXPECT_EQ(fields.logit_bias[1].id, 6U);
  EXPECT_EQ(read(R"({"logit_bias":[[3,1.5],[4,false]]})").logit_bias.size(), 2U);
  EXPECT_EQ(read(R"({"max_tokens":2.0})").max_tokens, std::size_t{2});
}

TEST(AnswerFields, WrongValuesNameTheirField) {
  for (const char* json :
       {R"({"temperature":"x"})", R"({"temperature":-1})", R"({"temperature":2.5})"}) {
    EXPECT_EQ(refused(json), "temperature") << json;
  }
  for (const char* json : {R"({"n":0})", R"({"n":129})", R"({"n":1.5})", R"({"n":"1"})"}) {
    EXPECT_EQ(refused(json), "n") << json;
  }
  for (const char* json : {R"({"stop":7})", R"({"stop":[7]})", R"({"stop":""})"}) {
    EXPECT_EQ(refused(json), "stop") << json;
  }
  for (const char* json :
       {R"({"logit_bias":{"1000":1}})", R"({"logit_bias":{"x":1}})", R"({"logit_bias":{"1":101}})",
        R"({"logit_bias":[[1]]})", R"({"logit_bias":{"-1":1}})"}) {
    EXPECT_EQ(refused(json), "logit_bias") << json;
  }
  EXPECT_EQ(refused(R"({"seed":18446744073709551615})"), "seed");
  EXPECT_EQ(refused(R"({"max_tokens":-2})"), "max_tokens");
  EXPECT_EQ(refused(R"({"stream_options":{}})"), "stream_options");
  EXPECT_EQ(refused(R"({"response_format":{"type":"xml"}})"), "response_format.type");
  EXPECT_EQ(refused(R"({"response_format":{"type":"json_schema"}})"),
            "response_format.json_schema");
}

TEST(AnswerFields, FormatsInAllSpellings) {
  using Kind = OutputFormat::Kind;
  const char* schemas[] = {
      R"({"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"a":1}}}})",
      R"({"response_format":{"type":"json_object","schema":{"a":1}}})",
      R"({"json_schema":{"a":1}})"};
  for (const char* json : schemas) {
    const OutputFormat format = read(json).format;
    EXPECT_EQ(format.kind, Kind::kJsonSchema) << json;
    EXPECT_EQ(*format.schema, OrderedJson({{"a", 1}})) << json;
  }
  EXPECT_EQ(read(R"({"grammar":"root ::= \"a\""})").format.kind, Kind::kGrammar);
  EXPECT_EQ(read(R"({"response_format":{"type":"json_object"}})").format.kind, Kind::kJsonObject);
  EXPECT_EQ(read(R"({"response_format":{"type":"text"}})").format.kind, Kind::kText);
}

TEST(AnswerFields, FormatsByTheNamesOfOtherServers) {
  using Kind = OutputFormat::Kind;
  for (const char* json : {R"({"guided_json":{"a":1}})", R"({"guided_json":"{\"a\":1}"})",
                           R"({"structured_outputs":{"json":{"a":1}}})"}) {
    const OutputFormat format = read(json).format;
    EXPECT_EQ(format.kind, Kind::kJsonSchema) << json;
    EXPECT_EQ(*format.schema, OrderedJson({{"a", 1}})) << json;
  }
  for (const char* json : {R"({"regex":"a+"})", R"({"guided_regex":"a+"})",
                           R"({"structured_outputs":{"regex":"a+","choice":null}})"}) {
    EXPECT_EQ(read(json).format.kind, Kind::kRegex) << json;
    EXPECT_EQ(read(json).format.grammar, "a+") << json;
  }
  const OutputFormat choice = read(R"({"structured_outputs":{"choice":["a","b"]}})").format;
  EXPECT_EQ(choice.kind, Kind::kChoice);
  EXPECT_EQ(choice.choices, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(choice.param, "structured_outputs.choice");
  EXPECT_EQ(read(R"({"ebnf":"root ::= \"a\""})").format.kind, Kind::kGrammar);
  EXPECT_EQ(read(R"({"structured_outputs":{"json_object":true}})").format.kind, Kind::kJsonObject);
  EXPECT_EQ(read(R"({"structured_outputs":{"json_object":false}})").format.kind, Kind::kText);
}

TEST(AnswerFields, NoFormatIsDroppedForAnother) {
  EXPECT_EQ(refused(R"({"response_format":{"type":"json_object"},"json_schema":{"a":1}})"),
            "json_schema");
  EXPECT_EQ(refused(R"({"regex":"a","grammar":"root ::= \"a\""})"), "regex");
  EXPECT_EQ(refused(R"({"structured_outputs":{"regex":"a","choice":["b"]}})"),
            "structured_outputs.choice");
  EXPECT_EQ(refused(R"({"structured_outputs":{"whitespace_pattern":" "}})"),
            "structured_outputs.whitespace_pattern");
  EXPECT_EQ(refused(R"({"guided_json":"{"})"), "guided_json");
  EXPECT_EQ(refused(R"({"guided_choice":["a",1]})"), "guided_choice");
  EXPECT_EQ(refused(R"({"bad_words":["a"]})"), "bad_words");
}

TEST(AnswerFields, TheModelsDefaultsFillIn) {
  AnswerDefaults defaults;
  defaults.config.temperature = 0.6F;
  defaults.config.top_p = 0.9F;
  defaults.stop_ids = {4};
  AnswerFields fields;
  fields.sampling.top_p = 0.5F;
  GenerateOptions options = generate_options(fields, defaults);
  EXPECT_EQ(options.sampler.temperature, 0.6F);
  EXPECT_EQ(options.sampler.top_p, 0.5F);
  EXPECT_EQ(options.stop_ids, defaults.stop_ids);
  fields.sampling.temperature = 0.0F;
  fields.ignore_end = true;
  options = generate_options(fields, defaults);
  EXPECT_EQ(options.sampler.repeat_penalty, 1.0F);
  EXPECT_TRUE(options.stop_ids.empty());
  ASSERT_EQ(options.sampler.logit_bias.size(), 1U);
  EXPECT_EQ(options.sampler.logit_bias[0].id, 4U);
}

}  // namespace
}  // namespace cellm
