#include "toolcall/tool_text.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

#include "toolcall/test_tool_formats.h"

namespace cellm {
namespace {

using test::kHermes;
using test::kList;
using test::kLlama;
using test::kNamed;
using test::kSection;
using test::kXml;
using test::split;

TEST(ToolText, ReadsHermes) {
  EXPECT_EQ(split(kHermes, "Hello <b>you</b> \n"), "Hello <b>you</b> \n");
  EXPECT_EQ(split(kHermes,
                  "Let me see.\n\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": "
                  "{\"city\": \"Bern </tool_call>\", \"days\": 1.50}}\n</tool_call>\n"
                  "<tool_call>{\"arguments\":{},\"name\":\"now\"}</tool_call>\n"),
            "Let me see.[get_weather: {\"city\": \"Bern </tool_call>\", \"days\": 1.50}][now: {}]");
  EXPECT_EQ(split(kHermes, "<tool_call>\n{\"name\": \"now\"}\n</tool_call> and then"),
            "[now: {}] and then");
  // The end of the answer closes the tag.
  EXPECT_EQ(split(kHermes, "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n"), "[now: {}]");
  EXPECT_EQ(split(kHermes, "<tool_call>{\"name\": \"unknown\", \"parameters\": {\"a\": []}}"),
            "[unknown: {\"a\": []}]");
}

TEST(ToolText, ReadsTags) {
  EXPECT_EQ(split(kXml,
                  "I look.\n\n<tool_call>\n<function=get_weather>\n<parameter=city>\n \"Bern\"\n"
                  "x</y>\n\n</parameter>\n<parameter=days>\n2\n</parameter>\n<parameter=metric>\n"
                  "True\n</parameter>\n<parameter=note>\nNone\n</parameter>\n<parameter=at>\n"
                  "{\"a\": [1]}\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n"
                  "<function=now>\n</function>\n</tool_call>"),
            "I look.[get_weather: {\"city\": \" \\\"Bern\\\"\\nx</y>\\n\", \"days\": 2, "
            "\"metric\": true, \"note\": null, \"at\": {\"a\": [1]}}][now: {}]");
  // Without line breaks, and with an unknown parameter.
  EXPECT_EQ(
      split(kXml, "<tool_call><function=now><parameter=a b>1</parameter></function></tool_call>"),
      "[now: {\"a b\": 1}]");
  EXPECT_EQ(split(kXml, "<tool_call>\n<function=now>\n</function>\n"), "[now: {}]");
  EXPECT_EQ(split(kSection,
                  "a\n<calls>\n<invoke name=\"get_weather\">\n<parameter name=\"city\">B\n"
                  "</parameter>\n</invoke>\n<invoke name=\"now\">\n</invoke>\n</calls> b"),
            "a[get_weather: {\"city\": \"B\\n\"}][now: {}] b");
}

TEST(ToolText, ReadsLlama) {
  EXPECT_EQ(split(kLlama, "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Bern\"}}"),
            "[get_weather: {\"city\": \"Bern\"}]");
  EXPECT_EQ(split(kLlama,
                  "\n<|python_tag|>{\"type\": \"function\", \"name\": \"now\", "
                  "\"parameters\": {}}; {\"name\": \"now\", \"parameters\": {}}\n"),
            "[now: {}][now: {}]");
  // JSON that is no call is the answer.
  for (const std::string_view content :
       {"{\"a\": 1}", "{\"name\": \"Bern\", \"parameters\": {}}", "{\"name\": \"now\", \"x\": {}}",
        " {\"name\": 1}", "See {\"name\": \"now\", \"parameters\": {}}", "<|python_tag|> print(1)",
        "{", "[1]", "<|pyth", "\n\n"}) {
    std::string expected(content);
    EXPECT_EQ(split(kLlama, content),
              expected == "<|python_tag|> print(1)" ? " print(1)" : expected);
  }
}

TEST(ToolText, ReadsListsAndNames) {
  EXPECT_EQ(split(kList,
                  "[TOOL_CALLS][{\"name\": \"now\", \"arguments\": {}}, {\"name\": "
                  "\"get_weather\", \"arguments\": {\"city\": \"x\"}, \"id\": \"a\"}]"),
            "[now: {}][get_weather: {\"city\": \"x\"}]");
  EXPECT_EQ(split(kNamed, "So: <function=get_weather>{\"city\": \"x\"}</function><function=now>{}"),
            "So:[get_weather: {\"city\": \"x\"}][now: {}]");
}

TEST(ToolText, MalformedCallsAreContent) {
  for (const std::string_view text :
       {"<tool_call>", "<tool_call>\n{\"name\": \"now\", \"arguments\": {}",
        "<tool_call>{\"name\": \"now\", \"arguments\": [1]}</tool_call>",
        "<tool_call>{\"name\": 1, \"arguments\": {}}</tool_call>",
        "<tool_call>{\"arguments\": {}}</tool_call>", "<tool_call>{'name': 'now'}</tool_call>",
        "<tool_call>{\"name\": \"now\", \"arguments\": {}} x</tool_call>",
        "<tool_call>now</tool_call>", "a <tool_call",
        "<tool_call>{\"name\": \"now\", \"name\": \"now\"}</tool_call>",
        "<tool_call>{\"name\": \"\\ud800\"}</tool_call>"}) {
    EXPECT_EQ(split(kHermes, text), text);
  }
  for (const std::string_view text :
       {"<tool_call>\n<function=>\n</function>\n</tool_call>", "<tool_call>\n<function=now",
        "<tool_call>\n<function=now>\n<parameter=a>\n1\n</parameter>\n<parameter=a>\n1\n</"
        "parameter>\n"
        "</function>\n</tool_call>",
        "<tool_call>\n<function=now>\ntext</function>\n</tool_call>",
        "<tool_call>\n<function=now>\n<parameter=>\n1\n</parameter>\n</function>\n</tool_call>"}) {
    EXPECT_EQ(split(kXml, text), text);
  }
  // The next call is found again.
  EXPECT_EQ(split(kHermes, "<tool_call><tool_call>{\"name\": \"now\"}</tool_call>"),
            "<tool_call>[now: {}]");
  EXPECT_EQ(
      split(kHermes, "<tool_call>{bad}</tool_call><tool_call>{\"name\": \"now\"}</tool_call>"),
      "<tool_call>{bad}</tool_call>[now: {}]");
  EXPECT_EQ(split(kXml,
                  "<tool_call>\n<function=now>\n</tool_call>\n<tool_call>\n<function=now>\n"
                  "</function>\n</tool_call>"),
            "<tool_call>\n<function=now>\n</tool_call>[now: {}]");
}

TEST(ToolText, ChoiceNoneReadsNoCalls) {
  const std::string text = "<tool_call>\n{\"name\": \"now\"}\n</tool_call>";
  const ToolRequest request = test::weather_request(ToolChoice::kNone);
  ToolText parts(kHermes, request, false, 1);
  parts.push(text);
  parts.finish();
  EXPECT_EQ(test::parts_of(parts.take()), text);
  EXPECT_EQ(parts.calls(), 0U);
}

// Constrained calls come while they are written.
TEST(ToolText, StreamsConstrainedCalls) {
  const ToolRequest request = test::weather_request();
  ToolText parts(kXml, request, true, 1);
  parts.push("\n<tool_call>\n<function=get_weather>\n<parameter=ci");
  auto events = parts.take();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].name, "get_weather");
  EXPECT_EQ(events[1].text, "{");
  parts.push("ty>\nBer");
  EXPECT_EQ(test::parts_of(parts.take()), "\"city\": \"Ber]");
  parts.push("n\n</para");
  EXPECT_EQ(test::parts_of(parts.take()), "n]");
  parts.push("meter>\n</function>\n</tool_call>");
  EXPECT_EQ(test::parts_of(parts.take()), "\"}]");
  EXPECT_EQ(parts.calls(), 1U);

  ToolText json(kHermes, request, true, 1);
  json.push("<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"B");
  EXPECT_EQ(test::parts_of(json.take()), "[get_weather: {\"city\": \"B]");
  json.push("ern\"}}\n</tool");
  EXPECT_EQ(test::parts_of(json.take()), "ern\"}]");
  json.finish();
  EXPECT_TRUE(json.take().empty());
  EXPECT_EQ(json.calls(), 1U);
}

TEST(ToolText, IdsDiffer) {
  std::set<std::string> ids;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const ToolRequest request = test::weather_request();
    ToolText parts(kHermes, request, false, seed);
    for (int i = 0; i < 5; ++i) parts.push("<tool_call>{\"name\": \"now\"}</tool_call>");
    for (const ToolEvent& event : parts.take()) {
      if (event.kind != ToolEvent::Kind::kCall) continue;
      EXPECT_EQ(event.id.size(), 9U);
      ids.insert(event.id);
    }
  }
  EXPECT_EQ(ids.size(), 500U);
}

// Random texts made of the parts of calls: how they are divided makes no difference, and without
// white space nothing but complete calls is missing from the content.
TEST(ToolText, DividingMakesNoDifference) {
  struct Case {
    const ToolFormat* format;
    std::vector<std::string_view> parts;
  };
  const std::vector<Case> cases = {
      {&kHermes,
       {"<tool_call>", "\n", "{\"name\": \"", "now", "get_weather", "\", \"arguments\": ", "{}",
        "}", "{\"city\": \"ä\\\"\"}", "</tool_call>", "<", "<tool_", "text", " ", "1"}},
      {&kXml,
       {"<tool_call>\n", "<function=", "now", ">\n", "<parameter=", "city", "days",
        "\n</parameter>\n", "</function>\n", "</tool_call>", "\n", "<", "é", "\"", "</"}},
      {&kLlama,
       {"{\"name\": \"", "now", "\", \"parameters\": ", "{}", "}", "; ", "x", "\n",
        "<|python_tag|>"}},
      {&kList,
       {"[TOOL_CALLS]", "[", "{\"name\": \"now\", \"arguments\": {}}", ", ", "]", "x", " "}},
      {&kNamed, {"<function=", "now", ">", "{}", "{\"a\": 1}", "</function>", "x", "\n"}},
      {&kSection,
       {"<calls>\n", "<invoke name=\"now\">\n", "</invoke>\n", "<parameter name=\"a\">", "1",
        "</parameter>\n", "</calls>", " ", "y"}}};
  std::minstd_rand random(3);
  std::size_t calls = 0;
  for (const Case& test : cases) {
    for (int i = 0; i < 3000; ++i) {
      std::string text;
      std::size_t next = random() % test.parts.size();
      for (std::size_t count = 1 + random() % 14; count > 0; --count) {
        text += test.parts[next % test.parts.size()];
        next = random() % 4 == 0 ? random() % test.parts.size() : next + 1;
      }
      for (const bool constrained : {false, true}) {
        const std::string whole = split(*test.format, text, constrained);
        if (whole.find("[now: ") != std::string::npos) ++calls;
        for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
          EXPECT_EQ(split(*test.format, text, constrained, piece), whole) << text;
        }
      }
    }
  }
  EXPECT_GT(calls, 3000U);
}

}  // namespace
}  // namespace cellm
