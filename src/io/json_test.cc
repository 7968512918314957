#include "io/json.h"

#include <cmath>
#include <limits>
#include <string>

#include <nlohmann/json.hpp>

#include "base/test_files.h"

namespace cellm {
namespace {

void expect_invalid(const std::string& text, std::string_view part) {
  expect_error(ErrorKind::kData, part, [&] { parse_json(text, "file.json"); });
}

TEST(Json, RefusesWhatIsNoJson) {
  for (const char* text :
       {"", " ", "{", "[1,]", "nul", "{\"a\" 1}", "[1] x", "'a'", "NaN", "[1e999]", "// c\n1"}) {
    expect_invalid(text, "file.json: ");
  }
  expect_invalid("[\"\xff\"]", "not valid JSON");
  expect_invalid("[\"\xed\xa0\x80\"]", "not valid JSON");  // a surrogate
  expect_invalid("[\"a\nb\"]", "not valid JSON");
}

TEST(Json, ReadsThePythonNamesOfNumbers) {
  const auto parsed = [](std::string_view text) { return parse_python_json(text, "f"); };
  const Json json =
      parsed(R"({"a": [0.0,Infinity, -Infinity ,NaN],"b":NaN, "\\": "x\"NaN, Infinity,",
    "Infinity": [-1.5, 10e+000000001]})");
  EXPECT_EQ(json["a"][1], std::numeric_limits<double>::infinity());
  EXPECT_EQ(json["a"][2], -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(json["a"][3].get<double>()));
  EXPECT_TRUE(std::isnan(json["b"].get<double>()));
  EXPECT_EQ(json["\\"], "x\"NaN, Infinity,");
  EXPECT_EQ(json["Infinity"], Json({-1.5, 100.0}));
  EXPECT_EQ(parsed("Infinity"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parsed(R"(["NaN"])"), Json({"NaN"}));
  // Texts that Python's json refuses.
  for (const char* text :
       {"[-NaN]", "[+Infinity]", "[1Infinity]", "[Infinity1]", "[NaNe5]", "[nan]", "{NaN: 1}",
        "[Infinity", "[--Infinity]", "[NaN NaN]", "[\"NaN]"}) {
    expect_error(ErrorKind::kData, "f: not valid JSON", [&] { parsed(text); });
  }
  const JsonNode infinite(json["a"][2], "f: a[2]");
  expect_error(ErrorKind::kData, "f: a[2]: expected a finite number, found -inf",
               [&] { infinite.as_number(); });
  expect_error(ErrorKind::kData, "found -inf", [&] { infinite.as_uint(); });
  expect_invalid("[Infinity]", "not valid JSON");
}

TEST(Json, RefusesTheSameKeyTwice) {
  expect_invalid(R"({"a": 1, "b": {"c": 1, "c": 2}})", "\"c\" appears twice");
  expect_invalid("{\"a\\n\": 1, \"a\\n\": 2}", "\"a\\x0a\" appears twice");
  EXPECT_NO_THROW(parse_json(R"([{"a": 1}, {"a": {"a": 2}}])", "f"));
}

TEST(Json, KeepsTheOrderOfMembersIfAskedTo) {
  const char* text = R"({"b": [1, -2, 0.5, null], "a": {"z": "x", "y": true}, "c": {}})";
  EXPECT_EQ(parse_ordered_json(text, "f"), nlohmann::ordered_json::parse(text));
  EXPECT_EQ(parse_ordered_json(text, "f").dump(), nlohmann::ordered_json::parse(text).dump());
  for (const char* wrong : {R"({"a": 1, "a": 2})", "{", "[\"\xff\"]"}) {
    expect_error(ErrorKind::kData, "f: ", [&] { parse_ordered_json(wrong, "f"); });
  }
  EXPECT_THROW(parse_ordered_json(std::string(65, '[') + std::string(65, ']'), "f"), Error);
}

TEST(Json, BoundsTheDepth) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_NO_THROW(parse_json(nested(64), "f"));
  expect_invalid(nested(65), "nested deeper than 64");
  expect_invalid(std::string(1'000'000, '['), "nested deeper than 64");
}

TEST(Json, BoundsTheNumberOfValues) {
  std::string text = "[";
  for (int i = 0; i < (1 << 23); ++i) text += "0,";
  expect_invalid(text + "0]", "more than 8388608 values");
}

TEST(JsonNode, NamesPathExpectedAndFound) {
  const Json json =
      parse_json(R"({"a": {"b": [1, "x\ny", -3, 1.5, 18446744073709551616, 2.0]}})", "f");
  const JsonNode root(json, "f:");
  const auto list = root.at("a").at("b").as_array();
  EXPECT_EQ(list[0].as_uint(), 1U);
  EXPECT_EQ(list[5].as_uint(), 2U);   // some writers put floats
  const Json made = std::int64_t{7};  // of a signed type, which no text gives
  EXPECT_EQ(JsonNode(made, "f:").as_uint(), 7U);
  expect_error(ErrorKind::kData, "f: a.b[1]: expected a number, found \"x\\x0ay\"",
               [&] { list[1].as_number(); });
  expect_error(ErrorKind::kData, "f: a.b[2]: expected an integer from 0 to",
               [&] { list[2].as_uint(); });
  expect_error(ErrorKind::kData, "found 1.5", [&] { list[3].as_uint(); });
  expect_error(ErrorKind::kData, "f: a.b[4]", [&] { list[4].as_uint(); });
  expect_error(ErrorKind::kData, "expected an integer from 5 to 9, found 1",
               [&] { list[0].as_uint(5, 9); });
  expect_error(ErrorKind::kData, "f: expected a string, found an object",
               [&] { root.as_string(); });
  expect_error(ErrorKind::kData, "f: a: expected a string, found an object",
               [&] { root.at("a").as_string(); });
  expect_error(ErrorKind::kData, "f: a.b: expected an object, found an array of 6",
               [&] { root.at("a").at("b").find("c"); });
  expect_error(ErrorKind::kData, "f: a.c is missing", [&] { root.at("a").at("c"); });
  expect_error(ErrorKind::kData, "f: a.b: 6 elements, at most 5",
               [&] { root.at("a").at("b").as_array(5); });
}

}  // namespace
}  // namespace cellm
