#include "toolcall/tool_format.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tokenizer/test_tokenizers.h"
#include "toolcall/test_tool_formats.h"

namespace cellm {
namespace {

using Json = nlohmann::ordered_json;
using Syntax = ToolFormat::Syntax;

ToolFormat format_of(std::string_view source) {
  return detect_tool_format(Chat(source, "t", {{"bos_token", "<BOS>"}, {"eos_token", "<EOS>"}}));
}

TEST(ToolFormat, IsTheOneThatTheTemplateWrites) {
  const ToolFormat hermes = format_of(test::hermes_template());
  EXPECT_TRUE(hermes.known && hermes.in_template && hermes.calls_in_template);
  EXPECT_EQ(hermes.syntax, Syntax::kJson);
  EXPECT_EQ(hermes.call_open, "<tool_call>\n{\"name\": \"");
  EXPECT_EQ(hermes.after_name, "\", \"arguments\": ");
  EXPECT_EQ(hermes.call_close, "}\n</tool_call>");
  EXPECT_EQ(hermes.separator, "\n");
  EXPECT_EQ(hermes.section_open, "");
  EXPECT_EQ(call_trigger(hermes), "<tool_call>");

  const ToolFormat xml = format_of(test::qwen_xml_template());
  EXPECT_EQ(xml.syntax, Syntax::kTagged);
  EXPECT_EQ(xml.call_open, "<tool_call>\n<function=");
  EXPECT_EQ(xml.after_name, ">\n");
  EXPECT_EQ(xml.key_open, "<parameter=");
  EXPECT_EQ(xml.key_close, ">\n");
  EXPECT_EQ(xml.value_close, "\n</parameter>\n");
  EXPECT_EQ(xml.call_close, "</function>\n</tool_call>");

  const ToolFormat llama = format_of(test::llama_template());
  EXPECT_EQ(llama.syntax, Syntax::kJson);
  EXPECT_EQ(llama.call_open, "{\"name\": \"");
  EXPECT_EQ(llama.arguments_key, "parameters");
  EXPECT_EQ(llama.call_close, "}");
  EXPECT_EQ(call_trigger(llama), "");

  const ToolFormat list = format_of(test::list_template());
  EXPECT_EQ(list.syntax, Syntax::kJson);
  EXPECT_EQ(list.section_open, "[TOOL_CALLS][");
  EXPECT_EQ(list.section_close, "]");
  EXPECT_EQ(list.separator, ", ");

  const ToolFormat named = format_of(test::named_json_template());
  EXPECT_EQ(named.syntax, Syntax::kNamedJson);
  EXPECT_EQ(named.call_open, "<function=");
  EXPECT_EQ(named.after_name, ">");
  EXPECT_EQ(named.call_close, "</function>");

  const ToolFormat section = format_of(test::section_template());
  EXPECT_EQ(section.syntax, Syntax::kTagged);
  EXPECT_EQ(section.section_open, "<calls>\n");
  EXPECT_EQ(section.section_close, "\n</calls>");
  EXPECT_EQ(section.call_open, "<invoke name=\"");
  EXPECT_EQ(section.key_close, "\">");
}

TEST(ToolFormat, IsHermesWithoutToolsInTheTemplate) {
  const ToolFormat format = format_of(kChatMlTemplate);
  EXPECT_TRUE(format.known);
  EXPECT_FALSE(format.in_template);
  EXPECT_FALSE(format.calls_in_template);
  EXPECT_TRUE(format.system_role);
  EXPECT_NE(format.note, "");
  EXPECT_EQ(call_trigger(format), "<tool_call>");
  EXPECT_FALSE(format_of("{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no "
                         "system') }}{% endif %}{{ m.content }}{% endfor %}")
                   .system_role);
}

TEST(ToolFormat, IsUnknownWhereTheCallsAre) {
  const ToolFormat format = format_of(test::chatml_with_calls("{{ 'calls!' }}"));
  EXPECT_FALSE(format.known);
  EXPECT_TRUE(format.in_template);
  EXPECT_EQ(test::split(format, "<tool_call>\n{\"name\": \"now\"}\n</tool_call>"),
            "<tool_call>\n{\"name\": \"now\"}\n</tool_call>");
}

TEST(ToolFormat, ListsItsControlTokens) {
  const Tokenizer& tokenizer = test::published_tokenizer("qwen3");
  ToolFormat format = format_of(test::hermes_template());
  EXPECT_TRUE(control_tokens_of(format, tokenizer).empty());  // <tool_call> has a text
  format.call_open = "<|im_start|>" + format.call_open;
  EXPECT_EQ(control_tokens_of(format, tokenizer),
            std::vector<std::uint32_t>{*tokenizer.token_to_id("<|im_start|>")});
}

// Real templates: which form each has, and that what transformers renders of two calls is read
// back.
class RealTemplates : public testing::Test {
 protected:
  static std::filesystem::path folder() {
    return std::filesystem::path(CELLM_TESTDATA) / "../../shared/fixtures/templates";
  }
  static std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  void SetUp() override {
    if (!std::filesystem::exists(folder())) GTEST_SKIP() << "../shared is not there";
  }
};

TEST_F(RealTemplates, HaveTheirForms) {
  const std::map<std::string, Syntax> expected = {
      {"Qwen3.5-4B", Syntax::kTagged},
      {"Qwen3-Coder", Syntax::kTagged},
      {"StepFun3.5-Flash", Syntax::kTagged},
      {"MiniMax-M2", Syntax::kTagged},
      {"GLM-4.7-Flash", Syntax::kTagged},
      {"Spark2.5", Syntax::kTagged},
      {"openbmb-MiniCPM5-1B", Syntax::kTagged},
      {"poolside-Laguna-XS.2", Syntax::kTagged},
      {"poolside-Laguna-XS-2.1", Syntax::kTagged},
      {"Qwen-Qwen2.5-7B-Instruct", Syntax::kJson},
      {"Qwen-Qwen3-0.6B", Syntax::kJson},
      {"MiMo-VL", Syntax::kJson},
      {"Reka-Edge", Syntax::kJson},
      {"meta-llama-Llama-3.2-3B-Instruct", Syntax::kJson},
      {"mistralai-Mistral-Nemo-Instruct-2407", Syntax::kJson},
      {"NVIDIA-Nemotron-Nano-v2", Syntax::kJson},
      {"CohereForAI-c4ai-command-r7b-12-2024-tool_use", Syntax::kJson},
      {"meetkai-functionary-medium-v3.1", Syntax::kNamedJson},
  };
  for (const auto& [name, syntax] : expected) {
    const ToolFormat format = format_of(read(folder() / (name + ".jinja")));
    EXPECT_TRUE(format.known && format.in_template && format.calls_in_template) << name;
    EXPECT_EQ(format.syntax, syntax) << name;
  }
}

// The assistant's calls of a message as parts_of() writes them.
std::string wanted(const Json& calls) {
  std::string text;
  for (const Json& call : calls) {
    text += '[' + call["function"]["name"].get<std::string>() + ": " +
            call["function"]["arguments"].dump() + ']';
  }
  return text;
}

std::string compact(const std::vector<ToolEvent>& events) {
  Json calls = Json::array();
  for (const ToolEvent& event : events) {
    if (event.kind == ToolEvent::Kind::kCall) calls.push_back({{"name", event.name}, {"text", ""}});
    if (event.kind == ToolEvent::Kind::kArguments) {
      calls.back()["text"] = calls.back()["text"].get<std::string>() + event.text;
    }
  }
  std::string text;
  for (const Json& call : calls) {
    text += '[' + call["name"].get<std::string>() + ": " +
            Json::parse(call["text"].get<std::string>()).dump() + ']';
  }
  return text;
}

TEST_F(RealTemplates, AreReadBack) {
  std::size_t read_back = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() != ".json") continue;
    const std::string source = read(std::filesystem::path(entry.path()).replace_extension("jinja"));
    const ToolFormat format = format_of(source);
    if (!format.known || !format.calls_in_template) continue;
    for (const Json& example : Json::parse(read(entry.path()))) {
      if (example["name"] != "tool_call" && example["name"] != "two_calls") continue;
      if (!example.contains("expected")) continue;
      const ToolRequest request = read_tools(example["input"]);
      const auto& messages = example["input"]["messages"];
      // What stands between the question and the result. Some templates write one call at most.
      const std::string rendered = example["expected"].get<std::string>();

      const std::size_t begin = rendered.find(messages[0]["content"].get<std::string>());
      const std::size_t end =
          rendered.rfind(messages[2]["content"].get<std::string>().substr(0, 5));
      ASSERT_NE(begin, std::string::npos);
      if (rendered.find("3.5", begin) == std::string::npos && example["name"] == "two_calls")
        continue;
      const bool anchored = call_trigger(format).empty();
      std::string answer = rendered.substr(begin, end - begin);
      if (anchored) answer = answer.substr(answer.find('{'));
      ToolText text(format, request, false, 0);
      text.push(answer);
      text.finish();
      EXPECT_EQ(compact(text.take()), wanted(messages[1]["tool_calls"]))
          << entry.path().filename() << ' ' << example["name"] << '\n'
          << answer;
      ++read_back;
    }
  }
  EXPECT_GT(read_back, 20U);
}

// What transformers renders with the messages as a request has them.
TEST_F(RealTemplates, AreRenderedFromRequests) {
  std::size_t rendered = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() != ".json") continue;
    const Chat chat(read(std::filesystem::path(entry.path()).replace_extension("jinja")), "t",
                    {{"bos_token", "<BOS>"}, {"eos_token", "<EOS>"}});
    for (const Json& example : Json::parse(read(entry.path()))) {
      const Json& input = example["input"];
      bool exact = example.contains("expected") && example["name"] != "null_content";
      for (const auto& [key, value] : input.items()) {
        exact = exact && (key == "messages" || key == "tools" || key == "add_generation_prompt" ||
                          key == "bos_token" || key == "eos_token");
      }
      if (!exact) continue;
      std::string wanted_text = example["expected"].get<std::string>();
      if (wanted_text.find("2026") != std::string::npos) continue;  // the clock of the fixtures
      // Here parts become text where transformers passes them to a template that takes none.
      if (example["name"] == "parts" && (wanted_text.find("Second.") == std::string::npos ||
                                         wanted_text.find("type") != std::string::npos)) {
        continue;
      }
      Json messages = input["messages"];
      for (Json& message : messages) {
        if (message["role"] == "developer") exact = false;
        if (!message.contains("tool_calls") || !message["tool_calls"].is_array()) continue;
        for (Json& call : message["tool_calls"]) {
          call["function"]["arguments"] = call["function"]["arguments"].dump();
        }
      }
      if (!exact) continue;
      ChatOptions options;
      options.add_generation_prompt = input["add_generation_prompt"].get<bool>();
      if (input.contains("tools")) options.tools = input["tools"].dump();
      EXPECT_EQ(chat.render(read_messages(messages), options).bytes(), wanted_text)
          << entry.path().filename() << ' ' << example["name"];
      ++rendered;
    }
  }
  EXPECT_GT(rendered, 250U);
}

}  // namespace
}  // namespace cellm
