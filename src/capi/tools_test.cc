#include <string>
#include <vector>

#include "capi/test_generate.h"
#include "toolcall/test_tool_formats.h"

namespace cellm {
namespace {

using test::expect_failure;
using test::expect_ok;
using test::Heard;
using test::Ids;
using test::sized;

using ToolsHandle = std::unique_ptr<cellm_tools, test::Freeing<cellm_tools, cellm_tools_free>>;
using ReaderHandle =
    std::unique_ptr<cellm_tool_reader, test::Freeing<cellm_tool_reader, cellm_tool_reader_free>>;

const std::string kClock = R"({"type": "function", "function": {"name": "clock", "parameters": {
    "type": "object", "properties": {"zone": {"enum": ["UTC", "CET"]}}, "required": ["zone"],
    "additionalProperties": false}}})";
const std::string kMessages =
    R"([{"role": "user", "content": [{"type": "text", "text": "Now?"}]}])";

std::string request(const std::string& choice) {
  return "{\"tools\": [" + kClock + "], \"tool_choice\": \"" + choice +
         "\", \"parallel_tool_calls\": false}";
}

// The events as one text: calls as "[name id-length: arguments]".
struct Events {
  std::string text;
  std::size_t calls = 0;
  static void add(void* user, const cellm_tool_event* event) {
    auto& events = *static_cast<Events*>(user);
    EXPECT_EQ(event->size, sizeof(cellm_tool_event));
    EXPECT_EQ(event->text[event->bytes], '\0');
    if (event->kind == CELLM_TOOL_CALL) {
      EXPECT_EQ(event->index, events.calls++);
      events.text += "[" + std::string(event->name) + " " +
                     std::to_string(std::string(event->id).size()) + ": ";
    } else {
      events.text.append(event->text, event->bytes);
    }
  }
};

class Tools : public test::Generate {
 protected:
  cellm_chat_options hermes() const {
    auto options = sized<cellm_chat_options>();
    options.template_text = template_.c_str();
    return options;
  }
  ToolsHandle tools(const std::string& json) const {
    const auto options = hermes();
    cellm_tools* made = nullptr;
    expect_ok(cellm_tools_new(model_.get(), json.c_str(), &options, &made));
    return ToolsHandle(made);
  }
  void refuse(cellm_status status, const std::string& json, std::string_view part) const {
    const auto options = hermes();
    cellm_tools* made = nullptr;
    expect_failure(cellm_tools_new(model_.get(), json.c_str(), &options, &made), status, part);
    EXPECT_EQ(made, nullptr);
  }
  std::string prompt(const ToolsHandle& tools, const std::string& messages) const {
    std::uint32_t* ids = nullptr;
    std::size_t count = 0;
    expect_ok(cellm_tools_prompt(tools.get(), messages.c_str(), &ids, &count));
    const std::string text = text_of(Ids(ids, ids + count));
    cellm_free(ids);
    return text;
  }
  std::string answer(const ToolsHandle& tools, cellm_generate_options options) const {
    options.temperature = 1.0F;
    options.max_tokens = 200;
    options.tools = tools.get();
    Heard heard;
    EXPECT_EQ(generate(test::new_session(model_), heard, options).stop_reason, CELLM_STOP_END);
    return heard.text;
  }
  std::string read(const ToolsHandle& tools, std::string_view text, std::size_t step) const {
    cellm_tool_reader* made = nullptr;
    expect_ok(cellm_tool_reader_new(tools.get(), 7, &made));
    const ReaderHandle reader(made);
    Events events;
    for (std::size_t i = 0; i < text.size(); i += step) {
      const auto part = text.substr(i, step);
      expect_ok(cellm_tool_reader_push(made, part.data(), part.size(), 0, Events::add, &events));
    }
    expect_ok(cellm_tool_reader_push(made, nullptr, 0, 1, Events::add, &events));
    expect_failure(cellm_tool_reader_push(made, "x", 1, 0, Events::add, &events), CELLM_ERROR_USAGE,
                   "ended");
    return events.text;
  }

  const std::string template_ = test::hermes_template();
};

TEST_F(Tools, AreInThePromptWithEarlierCallsAndResults) {
  const auto given = tools(request("auto"));
  const std::string short_prompt = prompt(given, kMessages);
  EXPECT_NE(short_prompt.find("\"name\": \"clock\""), std::string::npos) << short_prompt;
  EXPECT_NE(short_prompt.find("Now?"), std::string::npos);
  const std::string called = R"([{"role": "user", "content": "Now?"},
    {"role": "assistant", "content": null, "tool_calls": [{"id": "abc123def", "type": "function",
     "function": {"name": "clock", "arguments": "{\"zone\": \"UTC\"}"}}]},
    {"role": "tool", "tool_call_id": "abc123def", "content": "noon"}])";
  for (const auto& json : {request("auto"), std::string("{}")}) {
    const std::string text = prompt(tools(json), called);
    EXPECT_NE(text.find("<tool_call>"), std::string::npos) << text;
    EXPECT_NE(text.find("noon"), std::string::npos) << text;
  }
  EXPECT_EQ(prompt(tools("{}"), kMessages).find("clock"), std::string::npos);
  std::uint32_t* ids = nullptr;
  std::size_t count = 0;
  expect_failure(cellm_tools_prompt(given.get(), "[5]", &ids, &count), CELLM_ERROR_USAGE,
                 "messages[0]");
  expect_failure(cellm_tools_prompt(given.get(), "[", &ids, &count), CELLM_ERROR_USAGE, "messages");
  expect_failure(
      cellm_tools_prompt(given.get(), R"([{"role": "user", "content": [{"type": "image_url"}]}])",
                         &ids, &count),
      CELLM_ERROR_UNSUPPORTED, "image_url");
}

TEST_F(Tools, ARequiredCallIsMadeInItsForm) {
  const auto given = tools(request("required"));
  const std::string text = answer(given, sized<cellm_generate_options>());
  EXPECT_TRUE(text.starts_with("<tool_call>")) << text;
  for (const std::size_t step : {std::size_t{1}, std::size_t{5}, text.size()}) {
    const std::string events = read(given, text, step);
    EXPECT_TRUE(events.starts_with("[clock 9: {")) << events;
    EXPECT_EQ(events.back(), '}') << events;
  }
}

TEST_F(Tools, AnAnswerOfAnotherFormOrACall) {
  auto options = sized<cellm_generate_options>();
  options.constraint = CELLM_CONSTRAINT_CHOICE;
  const char* texts[] = {"yes"};
  options.constraint_texts = texts;
  options.constraint_texts_count = 1;
  const cellm_logit_bias bias{'<', 60.0F};
  EXPECT_EQ(answer(tools(request("none")), options), "yes");
  options.logit_bias = &bias;
  options.logit_bias_count = 1;
  EXPECT_TRUE(answer(tools(request("auto")), options).starts_with("<tool_call>"));
  const auto required = tools(request("required"));
  options.tools = required.get();
  expect_failure(cellm_generate(test::new_session(model_).get(), prompt_.data(), prompt_.size(),
                                &options, nullptr, nullptr, nullptr),
                 CELLM_ERROR_USAGE, "another form");
}

TEST_F(Tools, TextThatIsNoCallIsContent) {
  const auto given = tools(request("auto"));
  const std::string broken = "Hm. <tool_call>\n{\"name\": 5}</tool_call> So.";
  const std::string call =
      "It is <tool_call>\n{\"name\": \"clock\", \"arguments\": {\"zone\": \"UTC\"}}\n</tool_call>";
  for (const std::size_t step : {std::size_t{1}, std::size_t{4}}) {
    EXPECT_EQ(read(given, call, step), "It is[clock 9: {\"zone\": \"UTC\"}");
    EXPECT_EQ(read(given, broken, step), broken);
    EXPECT_EQ(read(tools(request("none")), call, step), call);
    EXPECT_EQ(read(tools("{}"), call, step), call);
  }
}

TEST_F(Tools, WrongRequestsAreRefused) {
  refuse(CELLM_ERROR_USAGE, "[]", "object");
  refuse(CELLM_ERROR_USAGE, "{", "request");
  refuse(CELLM_ERROR_USAGE, R"({"tools": 5})", "tools");
  refuse(CELLM_ERROR_USAGE, R"({"tools": [)" + kClock + R"(], "tool_choice": "maybe"})",
         "tool_choice");
  refuse(CELLM_ERROR_UNSUPPORTED,
         R"({"tools": [{"type": "function", "function": {"name": "f", "strict": true,
            "parameters": {"type": "object", "patternProperties": {"a": {}}}}}]})",
         "patternProperties");
  cellm_tools* made = nullptr;
  expect_failure(cellm_tools_new(model_.get(), "{}", nullptr, &made), CELLM_ERROR_UNSUPPORTED,
                 "chat template");
  expect_failure(cellm_tools_new(nullptr, "{}", nullptr, &made), CELLM_ERROR_USAGE, "model");
  // Of another opened model.
  const auto other = test::open_handle(path_);
  const auto given = tools(request("auto"));
  auto options = sized<cellm_generate_options>();
  options.tools = given.get();
  expect_failure(cellm_generate(test::new_session(other).get(), prompt_.data(), prompt_.size(),
                                &options, nullptr, nullptr, nullptr),
                 CELLM_ERROR_USAGE, "another opened model");
}

}  // namespace
}  // namespace cellm
