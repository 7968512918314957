#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "constrain/test_constraints.h"

namespace cellm {
namespace {

using test::error_of;
using test::schema;

struct Case {
  const char* schema;
  std::vector<const char*> valid;
  std::vector<const char*> invalid;
};

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    ConstraintPtr constraint;
    const std::string error = error_of([&] { constraint = schema(one.schema); });
    ASSERT_TRUE(constraint) << one.schema << " " << error;
    for (const char* text : one.valid)
      EXPECT_TRUE(satisfies(constraint, text)) << one.schema << text;
    for (const char* text : one.invalid) {
      EXPECT_FALSE(satisfies(constraint, text)) << one.schema << text;
    }
  }
}

TEST(Schema, Objects) {
  check({
      {R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"},"c":{}},
           "required":["b"]})",
       {R"({"b":null})", R"({"a":1,"b":null,"c":[1,"x"]})", R"({ "a": 1, "b": null })",
        "{\n  \"a\": 1,\n  \"b\": null\n}", "{\n\t\"b\": null\n}"},
       {"{}", R"({"a":1})", R"({"b":null,"a":1})", R"({"b":null,"d":1})", R"({"a":1,,"b":null})",
        R"({"b":null,})", R"({"b"  :null})", R"({"b":   null})", "{\n\n\"b\":null}",
        R"({"a":1 "b":null})"}},
      {R"({"type":"object"})",
       {"{}", R"({"a":{"b":[]}})", R"({"":1,"\n":2})"},
       {"[]", R"({a:1})", R"({"a":01})"}},
      {R"({"properties":{"ab":true,"ac":true,"é":true},"additionalProperties":{"type":"integer"}})",
       {R"({"ab":"x","q":1})", R"({"a":1,"abc":2,"è":3,"":4})", R"({"ab":{},"é":[],"\n":3})", "{}"},
       {R"({"q":"x"})", R"({"q":1,"ab":2})", R"({"\u0061b":"x"})", R"({"\u0061b":1})",
        R"({"q":1,"é":2})", R"({"ab":1,"ab":2})"}},
      {R"({"type":"object","required":["x","y"],"additionalProperties":{"type":"boolean"}})",
       {R"({"x":true,"y":false})", R"({"x":true,"y":false,"z":true})"},
       {R"({"x":true})", R"({"x":true,"y":1})", R"({"x":true,"y":true,"x":true})"}},
      {R"({"type":"object","properties":{"a":false,"b":true}})",
       {"{}", R"({"b":1})"},
       {R"({"a":1})"}},
      {R"({"type":"object","properties":{"a":{}},"required":["a"],"minProperties":1,
           "maxProperties":1,"additionalProperties":false})",
       {R"({"a":1})"},
       {"{}"}},
  });
}

TEST(Schema, Arrays) {
  check({
      {R"({"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":3})",
       {"[true,false]", "[true, false, true]", "[\n  true,\n  true\n]"},
       {"[]", "[true]", "[true,true,true,true]", "[1,2]", "[true,true,]"}},
      {R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}]})",
       {"[]", "[1]", R"([1,"a"])"},
       {R"(["a"])", R"([1,"a",2])"}},
      {R"({"prefixItems":[{"type":"integer"}],"items":{"type":"null"},"minItems":2})",
       {"[1,null]", "[1,null,null,null]"},
       {"[1]", "[1,2]", "[null,null]"}},
      {R"({"type":"array","items":false})", {"[]"}, {"[1]"}},
      {R"({"type":"array","maxItems":0})", {"[]"}, {"[1]"}},
      {R"({"type":"array","prefixItems":[{},{},{}],"maxItems":2,"minItems":1})",
       {"[1]", "[1,2]"},
       {"[]", "[1,2,3]"}},
      {R"({"type":"array","items":{"type":"array","items":{"type":"integer"},"minItems":1}})",
       {"[]", "[[1],[1,2]]"},
       {"[[]]", "[1]"}},
  });
}

TEST(Schema, Scalars) {
  check({
      {"true",
       {"1", "null", R"({"a":[]})", "-0.5e+3", R"("\ud83d\ude00")"},
       {"", " 1", "1 ", "nul", "01", "1.", ".5", "+1", "1e999", R"("\ud83d")", R"("\udc00")",
        R"("\x")", "\"\n\"", "\"\xC3\""}},
      {R"({"type":["integer","null"]})", {"0", "-12", "null"}, {"1.5", "-", "00", "\"1\""}},
      {R"({"type":"string","minLength":2,"maxLength":3})",
       {R"("ab")", R"("äöü")", R"("\u00e4\ud83d\ude00x")", R"("\\\"")"},
       {R"("a")", R"("abcd")", R"("\u00e4")"}},
      {R"({"type":"string","pattern":"^a.*\"$"})", {R"("a\"")", R"("axy\"")"}, {R"("a")"}},
      {R"({"type":"string","pattern":"[0-9]"})", {R"("1")", R"("a1\n")"}, {R"("a")"}},
      {R"({"type":"number","minimum":0.5,"exclusiveMaximum":10})",
       {"0.5", "0.50", "9", "9.999", "1.0"},
       {"0.4999", "10", "10.0", "-1", "1e0", "0"}},
      {R"({"type":"integer","exclusiveMinimum":-3,"maximum":1e3})",
       {"-2", "0", "999", "1000"},
       {"-3", "1001", "-0", "2.0"}},
      {R"({"enum":["a","ab",1,null,{"x":[1,2]}]})",
       {R"("a")", R"("ab")", "1", "null", R"({"x":[1,2]})", R"({ "x": [1, 2] })"},
       {R"("b")", "2", R"({"x":[1]})"}},
      {R"({"type":"string","enum":["a",1],"minLength":1})", {R"("a")"}, {"1"}},
      {R"({"const":"é\n"})", {"\"é\\n\""}, {"\"e\""}},
      {R"({"type":"integer","multipleOf":1})", {"3"}, {"3.5"}},
  });
}

TEST(Schema, Formats) {
  check({
      {R"({"type":"string","format":"date"})",
       {R"("2024-02-29")", R"("2000-02-29")", R"("1999-12-31")"},
       {R"("2023-02-29")", R"("1900-02-29")", R"("2024-04-31")", R"("2024-13-01")"}},
      {R"({"type":"string","format":"date-time"})",
       {R"("2024-01-01T23:59:59Z")", R"("2024-01-01T00:00:00.5+02:00")"},
       {R"("2024-01-01")", R"("2024-01-01T24:00:00Z")", R"("2024-01-01T00:00:00")"}},
      {R"({"type":"string","format":"uuid"})",
       {R"("123e4567-e89b-12d3-a456-426614174000")"},
       {R"("123e4567e89b12d3a456426614174000")"}},
      {R"({"type":"string","format":"ipv4"})",
       {R"("192.168.0.255")"},
       {R"("256.1.1.1")", R"("01.1.1.1")", R"("1.1.1")"}},
      {R"({"type":"string","format":"email"})",
       {R"("a.b+c@example.org")"},
       {R"("a@b")", R"("@b.c")", R"(".a@b.c")"}},
  });
}

TEST(Schema, Combinations) {
  check({
      {R"({"anyOf":[{"type":"string"},{"type":"integer","minimum":5}]})", {R"("a")", "5"}, {"4"}},
      {R"({"type":"object","properties":{"a":{"type":"integer"}},
           "anyOf":[{"required":["a"]},{"maxProperties":1}]})",
       {R"({"a":1})", "{}"},
       {R"({"a":"x"})"}},
      {R"({"$defs":{"list":{"type":"object","properties":{"next":{"$ref":"#/$defs/list"}}}},
           "$ref":"#/$defs/list"})",
       {"{}", R"({"next":{"next":{}}})"},
       {R"({"next":1})"}},
      {R"({"$defs":{"a":{"type":"object","properties":{"x":{"type":"integer"}}}},
           "$ref":"#/$defs/a","required":["x"],"description":"a note"})",
       {R"({"x":1})"},
       {"{}"}},
      {R"({"allOf":[{"type":["integer","string"]},{"type":"number"},{"minimum":3},{"minimum":5}]})",
       {"5"},
       {"4", "\"a\"", "5.5"}},
      {R"({"allOf":[{"properties":{"a":{"type":"integer"}}},{"properties":{"a":{"minimum":1},
           "b":{"type":"null"}},"required":["b"]}],"type":"object"})",
       {R"({"a":1,"b":null})", R"({"b":null})"},
       {R"({"a":0,"b":null})", R"({"a":1})"}},
      {R"({"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"integer"}},
           "required":["kind"]},{"type":"object","properties":{"kind":{"const":"b"}},
           "required":["kind"]},{"type":"null"}]})",
       {R"({"kind":"a","x":1})", R"({"kind":"b"})", "null"},
       {R"({"kind":"b","x":1})"}},
      {R"({"properties":{"a~b/c":{"type":"integer"},"%":{"$ref":"#/properties/a~0b~1c"}}})",
       {R"({"a~b/c":1,"%":2})"},
       {R"({"%":"x"})"}},
      {R"({"type":"array","items":{"$ref":"#"}})", {"[]", "[[],[[]]]"}, {"[1]"}},
      {R"({"x-note":1,"type":"null","default":1,"examples":[2],"$comment":"c"})", {"null"}, {"1"}},
  });
}

TEST(Schema, WhatIsRefused) {
  const auto refusal = [](const char* text) { return error_of([&] { schema(text); }); };
  EXPECT_EQ(refusal(R"({"properties":{"a/b":{"not":{}}}})"),
            "unsupported: the schema at #/properties/a~1b: not is not supported");
  EXPECT_EQ(refusal(R"({"anyOf":[true,{"type":"string","format":"uri"}]})"),
            "unsupported: the schema at #/anyOf/1: format uri is not supported");
  EXPECT_EQ(
      refusal(R"x({"type":"string","pattern":"a(?=b)"})x"),
      "unsupported: the schema at #: pattern \"a(?=b)\", byte 2: lookaround is not supported");
  for (const char* text :
       {R"({"if":{}})", R"({"patternProperties":{"a":{}}})", R"({"uniqueItems":true})",
        R"({"type":"number","multipleOf":0.1})", R"({"minProperties":1})", R"({"contains":{}})",
        R"({"$ref":"other.json"})", R"({"$ref":"#name"})", R"({"dependentRequired":{}})",
        R"({"oneOf":[{"type":"integer"},{"type":"number"}]})", R"({"mispelled":1})",
        R"({"items":[{}]})", R"({"allOf":[{"pattern":"a"},{"pattern":"b"}]})",
        R"({"anyOf":[{"$ref":"#"}, true]})", R"({"allOf":[{"$ref":"#"}]})",
        R"({"type":"number","minimum":0.12345678901234567})",
        R"({"const":12345678901234567890123})", R"({"enum":[{"a":[-9223372036854775809]}]})",
        R"({"allOf":[{"properties":{"a":{}}},{"additionalProperties":false}]})"}) {
    EXPECT_EQ(refusal(text).substr(0, 12), "unsupported:") << text << " " << refusal(text);
  }
  for (const char* text :
       {"1", "[]", R"({"type":"text"})", R"({"properties":[]})", R"({"$ref":"#/nothing"})", "false",
        R"({"minLength":-1})", R"({"enum":1})", R"({"minItems":3,"maxItems":2})",
        R"({"type":"integer","minimum":3,"maximum":2})", R"({"type":"string","enum":[1]})",
        R"({"properties":{"a":{"$ref":"#"}},"required":["a"]})",
        R"({"$defs":{"a":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"})",
        R"({"exclusiveMinimum":true,"type":"integer"})"}) {
    EXPECT_EQ(refusal(text).substr(0, 6), "usage:") << text << " " << refusal(text);
  }
}

TEST(Schema, LimitsOfSize) {
  std::string deep = "true";
  for (int i = 0; i < 200; ++i) deep = R"({"items":)" + deep + "}";
  EXPECT_NE(error_of([&] {
              constrain_to_json_schema(nlohmann::ordered_json::parse(deep));
            }).find("too deeply"),
            std::string::npos);
  // Each definition uses the next one twice.
  nlohmann::ordered_json bomb{{"$ref", "#/$defs/d0"}};
  for (int i = 0; i < 30; ++i) {
    const std::string next = "#/$defs/d" + std::to_string(i + 1);
    bomb["$defs"]["d" + std::to_string(i)] = {{"allOf", {{{"$ref", next}}, {{"$ref", next}}}},
                                              {"title", "x"}};
  }
  bomb["$defs"]["d30"] = true;
  EXPECT_NE(error_of([&] { constrain_to_json_schema(bomb); }).find("too many allOf"),
            std::string::npos);
  nlohmann::ordered_json wide{{"type", "string"}, {"enum", nlohmann::ordered_json::array()}};
  for (int i = 0; i < 20'000; ++i) wide["enum"].push_back("value " + std::to_string(i));
  EXPECT_TRUE(satisfies(constrain_to_json_schema(wide), "\"value 19999\""));
}

TEST(JsonObject, AnyObjectButNothingElse) {
  const auto constraint = constrain_to_json_object();
  EXPECT_TRUE(satisfies(constraint, R"({"a": [1, {"b": "c"}], "d": -1.5e3})"));
  EXPECT_FALSE(satisfies(constraint, "[]"));
  EXPECT_FALSE(satisfies(constraint, R"({"a": 1)"));
}

}  // namespace
}  // namespace cellm
