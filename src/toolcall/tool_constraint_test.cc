#include "toolcall/tool_constraint.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "constrain/constrained_text.h"
#include "toolcall/test_tool_formats.h"

namespace cellm {
namespace {

using Json = nlohmann::ordered_json;
using test::kHermes;
using test::kList;
using test::kLlama;
using test::kSection;
using test::kXml;

bool accepts(const ToolFormat& format, const ToolRequest& request, std::string_view text) {
  return satisfies(tool_constraint(format, request), text);
}

const ToolRequest kRequired = test::weather_request(ToolChoice::kRequired);
const ToolRequest kAuto = test::weather_request();

constexpr std::string_view kBern =
    "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Bern\"}}\n</tool_call>";
constexpr std::string_view kNow =
    "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";

std::string joined(std::string_view a, std::string_view b, std::string_view c = "") {
  return std::string(a).append(b).append(c);
}

TEST(ToolConstraint, RequiredIsCallsAlone) {
  const std::string two = joined(kBern, "\n", kNow);
  EXPECT_TRUE(accepts(kHermes, kRequired, kBern));
  EXPECT_TRUE(accepts(kHermes, kRequired, two));
  EXPECT_FALSE(accepts(kHermes, kRequired, ""));
  EXPECT_FALSE(accepts(kHermes, kRequired, "Let me see."));
  EXPECT_FALSE(accepts(kHermes, kRequired, joined("a", kNow)));
  EXPECT_FALSE(accepts(kHermes, kRequired,
                       "<tool_call>\n{\"name\": \"other\", \"arguments\": {}}\n</tool_call>"));
  EXPECT_FALSE(
      accepts(kHermes, kRequired,
              "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {}}\n</tool_call>"));
  ToolRequest one = kRequired;
  one.parallel = false;
  EXPECT_TRUE(accepts(kHermes, one, kBern));
  EXPECT_FALSE(accepts(kHermes, one, two));
  EXPECT_TRUE(accepts(kLlama, kRequired, "{\"name\": \"now\", \"parameters\": {}}"));
  EXPECT_TRUE(accepts(kList, kRequired,
                      "[TOOL_CALLS][{\"name\": \"now\", \"arguments\": {}}, {\"name\": \"now\", "
                      "\"arguments\": {}}]"));
}

TEST(ToolConstraint, AutoIsTextUntilACallBegins) {
  EXPECT_TRUE(accepts(kHermes, kAuto, ""));
  EXPECT_TRUE(accepts(kHermes, kAuto, "Hello <b>you</b> <tool_cal"));
  EXPECT_TRUE(accepts(kHermes, kAuto, joined("Let me see.\n\n", kBern)));
  EXPECT_TRUE(accepts(kHermes, kAuto, joined(joined("a", kBern, "\nb\n"), kNow, " end")));
  EXPECT_FALSE(accepts(kHermes, kAuto, "<tool_call>\nno call"));
  EXPECT_FALSE(accepts(kHermes, kAuto, "<tool_call>"));
  ToolRequest one = kAuto;
  one.parallel = false;
  EXPECT_TRUE(accepts(kHermes, one, joined("a", kBern, "b")));
  EXPECT_FALSE(accepts(kHermes, one, joined("a", kBern, kNow)));
  EXPECT_TRUE(accepts(kSection, kAuto,
                      "So <calls>\n<invoke name=\"now\">\n</invoke>\n<invoke "
                      "name=\"now\">\n</invoke>\n</calls> and"));
  // Nothing tells a call of this form from an answer in JSON.
  EXPECT_EQ(tool_constraint(kLlama, kAuto), nullptr);
}

TEST(ToolConstraint, AStrictFunctionHoldsAnAnswerThatBeginsWithABrace) {
  ToolRequest request = kAuto;
  request.tools.front().strict = true;
  EXPECT_TRUE(accepts(kLlama, request, ""));
  EXPECT_TRUE(accepts(kLlama, request, " \n"));
  EXPECT_TRUE(accepts(kLlama, request, "It is {12} o'clock, \u00e4\u2028\ufeff."));
  EXPECT_TRUE(
      accepts(kLlama, request, R"({"name": "get_weather", "parameters": {"city": "Bern"}})"));
  EXPECT_FALSE(accepts(kLlama, request, R"({"name": "get_weather", "parameters": {"city": 1}})"));
  EXPECT_FALSE(accepts(kLlama, request, R"({"answer": 12})"));
  EXPECT_FALSE(accepts(kLlama, request, R"(  {"answer": 12})"));
  request.choice = ToolChoice::kNone;
  EXPECT_EQ(tool_constraint(kLlama, request), nullptr);
}

TEST(ToolConstraint, NoneHasNoCalls) {
  const ToolRequest none = test::weather_request(ToolChoice::kNone);
  EXPECT_TRUE(accepts(kHermes, none, ""));
  EXPECT_TRUE(accepts(kHermes, none, "Hello ä <tool"));
  EXPECT_FALSE(accepts(kHermes, none, joined("a", kNow)));
  EXPECT_EQ(tool_constraint(kHermes, {}), nullptr);
}

std::string xml(std::string_view parameters) {
  return joined("<tool_call>\n<function=get_weather>\n", parameters, "</function>\n</tool_call>");
}

TEST(ToolConstraint, HoldsTaggedParametersToTheSchema) {
  EXPECT_TRUE(accepts(kXml, kRequired, xml("<parameter=city>\nBern \"x\"\n</parameter>\n")));
  EXPECT_TRUE(accepts(kXml, kRequired,
                      xml("<parameter=city>\nB\n</parameter>\n<parameter=days>\n2\n</parameter>\n"
                          "<parameter=metric>\nTrue\n</parameter>\n<parameter=note>\nNone\n"
                          "</parameter>\n<parameter=at>\n{\"a\": [1]}\n</parameter>\n")));
  EXPECT_FALSE(accepts(kXml, kRequired, xml("")));  // city is required
  EXPECT_FALSE(accepts(kXml, kRequired, xml("<parameter=town>\nB\n</parameter>\n")));
  EXPECT_FALSE(accepts(kXml, kRequired,
                       xml("<parameter=city>\nB\n</parameter>\n<parameter=days>\ntwo\n"
                           "</parameter>\n")));
  EXPECT_TRUE(accepts(kXml, kRequired, "<tool_call>\n<function=now>\n</function>\n</tool_call>"));
  EXPECT_TRUE(accepts(kSection, kRequired,
                      "<calls>\n<invoke name=\"now\">\n</invoke>\n<invoke name=\"get_weather\">\n"
                      "<parameter name=\"city\">x</parameter>\n</invoke>\n</calls>"));
}

ToolRequest request_with(const char* parameters, bool strict) {
  Json function = {{"name", "f"}, {"strict", strict}};
  function["parameters"] = Json::parse(parameters);
  Json request;
  request["tools"] = Json::array({{{"type", "function"}, {"function", function}}});
  request["tool_choice"] = "required";
  return read_tools(request);
}

TEST(ToolConstraint, StrictFunctionsRefuseWhatIsNotSupported) {
  const char* unsupported =
      R"({"type": "object", "properties": {"a": {"not": {"type": "string"}}}, "required": ["a"]})";
  EXPECT_THROW((void)tool_constraint(kHermes, request_with(unsupported, true)), Error);
  EXPECT_TRUE(accepts(kHermes, request_with(unsupported, false),
                      "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"b\": [1]}}\n</tool_call>"));
  const char* pattern =
      R"({"type": "object", "properties": {"a": {"type": "string", "pattern": "^x+$"}}})";
  EXPECT_THROW((void)tool_constraint(kXml, request_with(pattern, true)), Error);
  EXPECT_TRUE(accepts(kXml, request_with(pattern, false),
                      "<tool_call>\n<function=f>\n<parameter=a>\ny\n</parameter>\n</function>\n"
                      "</tool_call>"));
  ToolFormat unknown = kHermes;
  unknown.known = false;
  EXPECT_THROW((void)tool_constraint(unknown, kRequired), Error);
  EXPECT_EQ(tool_constraint(unknown, kAuto), nullptr);
  const char* choices = R"({"type": "object", "properties": {"u": {"enum": ["a b", "c"]}}})";
  const ToolRequest strict = request_with(choices, true);
  EXPECT_TRUE(accepts(kXml, strict,
                      "<tool_call>\n<function=f>\n<parameter=u>\na b\n</parameter>\n</function>\n"
                      "</tool_call>"));
  EXPECT_FALSE(accepts(kXml, strict,
                       "<tool_call>\n<function=f>\n<parameter=u>\nd\n</parameter>\n</function>\n"
                       "</tool_call>"));
}

}  // namespace
}  // namespace cellm
