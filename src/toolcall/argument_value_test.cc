#include "toolcall/argument_value.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cellm {
namespace {

using Json = nlohmann::ordered_json;

std::string value_of(std::string_view text, const char* schema) {
  const Json parsed = Json::parse(schema);
  return argument_json(text, allowed_types(parsed, parsed));
}

TEST(ArgumentValue, FollowsTheType) {
  EXPECT_EQ(value_of("12", R"({"type": "string"})"), R"("12")");
  EXPECT_EQ(value_of("12", R"({"type": "integer"})"), "12");
  EXPECT_EQ(value_of(" 1.50\n", R"({"type": "number"})"), "1.50");
  EXPECT_EQ(value_of("True", R"({"type": "boolean"})"), "true");
  EXPECT_EQ(value_of("false", R"({"type": "boolean"})"), "false");
  EXPECT_EQ(value_of("None", R"({"type": ["string", "null"]})"), "null");
  EXPECT_EQ(value_of("12", R"({"type": ["string", "null"]})"), R"("12")");
  EXPECT_EQ(value_of("[1, {\"a\": null}]", R"({"type": "array"})"), "[1, {\"a\": null}]");
  EXPECT_EQ(value_of("a \"b\"\n\\\x01ä", R"({"type": "string"})"), R"("a \"b\"\n\\\u0001ä")");
}

TEST(ArgumentValue, KeepsWhatDoesNotFitAsAString) {
  EXPECT_EQ(value_of("twelve", R"({"type": "integer"})"), R"("twelve")");
  EXPECT_EQ(value_of("[1,", R"({"type": "array"})"), R"("[1,")");
  EXPECT_EQ(value_of("true", R"({"type": "integer"})"), R"("true")");
}

TEST(ArgumentValue, ReadsTheTypeFromEveryPlace) {
  EXPECT_EQ(value_of("1", R"({"enum": ["1", "2"]})"), R"("1")");
  EXPECT_EQ(value_of("1", R"({"enum": [1, 2]})"), "1");
  EXPECT_EQ(value_of("1", R"({"const": "1"})"), R"("1")");
  EXPECT_EQ(value_of("1", R"({"anyOf": [{"type": "string"}, {"type": "null"}]})"), R"("1")");
  EXPECT_EQ(value_of("1", R"({"$defs": {"t": {"type": "string"}}, "$ref": "#/$defs/t"})"),
            R"("1")");
  EXPECT_EQ(value_of("1", R"({"$ref": "#"})"), "1");  // a loop says nothing
  EXPECT_EQ(value_of("1", "{}"), "1");
  EXPECT_EQ(value_of("one", "{}"), R"("one")");
  EXPECT_EQ(value_of("\"one\"", "{}"), R"("\"one\"")");
}

}  // namespace
}  // namespace cellm
