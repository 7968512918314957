#include "toolcall/request.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cellm {
namespace {

using Json = nlohmann::ordered_json;

template <class Action>
std::string message_of(Action&& action, ErrorKind kind = ErrorKind::kUsage) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "nothing was thrown";
}

std::string refused(const char* messages, ErrorKind kind = ErrorKind::kUsage) {
  return message_of([&] { (void)read_messages(Json::parse(messages)); }, kind);
}

std::string refused_tools(const char* request, ErrorKind kind = ErrorKind::kUsage) {
  return message_of([&] { (void)read_tools(Json::parse(request)); }, kind);
}

TEST(Request, ReadsMessages) {
  const auto messages = read_messages(Json::parse(R"([
    {"role": "developer", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
     "name": "Ada", "weight": 1},
    {"role": "assistant", "content": null, "reasoning_content": "hm", "tool_calls": [
      {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}},
      {"id": "c2", "type": "function", "function": {"name": "g", "arguments": ""}},
      {"function": {"name": "h", "arguments": {"y": 2}}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "3"}])"));
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0].role, "system");
  EXPECT_EQ(messages[1].parts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(messages[1].name, "Ada");
  EXPECT_EQ(messages[2].content, "");
  EXPECT_EQ(messages[2].reasoning_content, "hm");
  ASSERT_EQ(messages[2].tool_calls.size(), 3U);
  EXPECT_EQ(messages[2].tool_calls[0].arguments, R"({"x":1})");
  EXPECT_EQ(messages[2].tool_calls[1].arguments, "");
  EXPECT_EQ(messages[2].tool_calls[2].arguments, R"({"y":2})");
  EXPECT_EQ(messages[3].tool_call_id, "c1");
}

TEST(Request, NamesTheFieldOfAMessageThatIsWrong) {
  EXPECT_EQ(refused("{}"), "messages: expected an array, found object");
  EXPECT_EQ(refused("[]"), "messages: expected at least one message");
  EXPECT_EQ(refused(R"([1])"), "messages[0]: expected an object, found number");
  EXPECT_EQ(refused(R"([{"content": "a"}])"), "messages[0].role: missing");
  EXPECT_EQ(refused(R"([{"role": "user"}])"), "messages[0].content: missing");
  EXPECT_EQ(refused(R"([{"role": "user", "content": 1}])"),
            "messages[0].content: expected a string, found number");
  EXPECT_EQ(
      refused(R"([{"role": "user", "content": [{"type": "image_url"}]}])", ErrorKind::kUnsupported),
      R"(messages[0].content[0].type: "image_url" is not supported, only text is)");
  EXPECT_EQ(refused(R"([{"role": "assistant", "tool_calls": [{"function": {}}]}])"),
            "messages[0].tool_calls[0].function.name: missing");
  EXPECT_EQ(refused(R"([{"role": "assistant", "tool_calls": [
              {"function": {"name": "f", "arguments": "[1]"}}]}])"),
            "messages[0].tool_calls[0].function.arguments: not a JSON object");
  EXPECT_NE(refused(R"([{"role": "assistant", "tool_calls": [
              {"function": {"name": "f", "arguments": "{"}}]}])")
                .find("messages[0].tool_calls[0].function.arguments: "),
            std::string::npos);
}

TEST(Request, ReadsTools) {
  const char* tools = R"([{"type": "function", "function": {"name": "f", "strict": true,
      "parameters": {"type": "object", "properties": {"b": {}, "a": {}}}}},
    {"type": "function", "name": "g", "description": "flat"}])";
  Json request;
  request["tools"] = Json::parse(tools);
  ToolRequest read = read_tools(request);
  EXPECT_EQ(read.choice, ToolChoice::kAuto);
  EXPECT_TRUE(read.parallel);
  ASSERT_EQ(read.tools.size(), 2U);
  EXPECT_TRUE(read.tools[0].strict);
  EXPECT_EQ(read.tools[0].parameters, R"({"type":"object","properties":{"b":{},"a":{}}})");
  EXPECT_EQ(read.tools[0].types.size(), 2U);
  EXPECT_EQ(read.tools[1].parameters, R"({"type":"object","properties":{}})");
  EXPECT_EQ(Json::parse(read.json)[1].dump(),
            R"({"type":"function","function":{"name":"g","description":"flat"}})");
  request["tool_choice"] = "none";
  request["parallel_tool_calls"] = false;
  read = read_tools(request);
  EXPECT_EQ(read.choice, ToolChoice::kNone);
  EXPECT_FALSE(read.parallel);
  request["tool_choice"] = "required";
  EXPECT_EQ(read_tools(request).choice, ToolChoice::kRequired);
  request["tool_choice"] = Json::parse(R"({"type": "function", "function": {"name": "g"}})");
  read = read_tools(request);
  EXPECT_EQ(read.choice, ToolChoice::kRequired);
  ASSERT_EQ(read.tools.size(), 1U);
  EXPECT_EQ(read.tools[0].name, "g");
  EXPECT_EQ(Json::parse(read.json).size(), 2U);
  EXPECT_EQ(read_tools(Json::parse(R"({"tools": []})")).json, "");
  EXPECT_EQ(read_tools(Json::parse(R"({"tool_choice": "auto"})")).choice, ToolChoice::kNone);
}

TEST(Request, NamesTheFieldOfAToolThatIsWrong) {
  EXPECT_EQ(refused_tools(R"({"tools": 1})"), "tools: expected an array, found number");
  EXPECT_EQ(refused_tools(R"({"tools": [{"type": "web_search"}]})", ErrorKind::kUnsupported),
            R"(tools[0].type: "web_search" is not supported, only "function" is)");
  EXPECT_NE(refused_tools(R"({"tools": [{"type": "function", "function": {"name": "a b"}}]})")
                .find("tools[0].function.name: expected 1 to 128 letters"),
            std::string::npos);
  EXPECT_EQ(refused_tools(R"({"tools": [{"type": "function", "function": {"name": "a"}},
                                        {"type": "function", "function": {"name": "a"}}]})"),
            R"(tools[1].function.name: "a" is there twice)");
  EXPECT_EQ(refused_tools(R"({"tool_choice": "required"})"),
            "tool_choice: there are no functions in tools");
  EXPECT_EQ(refused_tools(R"({"tool_choice": "sometimes"})"),
            "tool_choice: expected \"none\", \"auto\", \"required\" or a function, found "
            "\"sometimes\"");
  EXPECT_EQ(refused_tools(R"({"tools": [{"type": "function", "function": {"name": "a"}}],
                  "tool_choice": {"type": "function", "function": {"name": "b"}}})"),
            R"(tool_choice.function.name: there is no function "b" in tools)");
}

}  // namespace
}  // namespace cellm
