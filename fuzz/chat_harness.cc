// Harnesses of chat templates and conversations.

#include <algorithm>
#include <ctime>
#include <string>

#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "chat/template.h"
#include "engine/conversation_file.h"
#include "harness.h"
#include "io/json.h"

namespace cellm::fuzz {
namespace {

// The variables of a template if the input has none of its own.
constexpr std::string_view kVariables =
    R"({"messages":[{"role":"system","content":" Be brief. "},{"role":"user","content":"<|x|> ä"},)"
    R"({"role":"assistant","content":"<think>a</think>b","tool_calls":[{"function":{"name":"f",)"
    R"("arguments":{"a":1.5,"b":[null,true]}}}]}],"tools":[],"bos_token":"<s>","n":7})";

// The template, then after a zero byte its variables as JSON.
void run_template(Bytes input) {
  const std::string_view text = text_of(input);
  const std::size_t end = std::min(text.find('\0'), text.size());
  const chat::Template parsed(text.substr(0, end), "input");
  const auto variables =
      parse_ordered_json(end < text.size() ? text.substr(end + 1) : kVariables, "variables");
  const chat::Text result = parsed.render(variables, [] { return std::time_t{1772719629}; });
  require(find_invalid_utf8(result.bytes()) == std::string::npos, "the result is UTF-8");
  std::size_t run_end = 0;
  for (const chat::Text::Run& run : result.runs()) {
    require(run.end > run_end, "runs follow each other");
    run_end = run.end;
  }
  require(run_end == result.size(), "runs cover the result");
  require(
      result.bytes() == parsed.render(variables, [] { return std::time_t{1772719629}; }).bytes(),
      "a rendering has no memory");
}

void run_conversation(Bytes input) {
  const auto messages = parse_messages(text_of(input), "input");
  std::size_t questions = 0;
  std::size_t answers = 0;
  for (const ChatMessage& message : messages) {
    require(find_invalid_utf8(message.content) == std::string::npos, "messages are UTF-8");
    if (message.role == "user") ++questions;
    if (message.role == "assistant") ++answers;
  }
  require(questions == answers, "each question has an answer");
}

}  // namespace

constinit const Harness kChatTemplate{"chat_template", run_template};
constinit const Harness kConversation{"conversation", run_conversation};

}  // namespace cellm::fuzz
