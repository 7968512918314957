// Harnesses of calls of functions: requests, the answers that contain them, and the templates that
// say how they are written.

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "harness.h"
#include "io/json.h"
#include "toolcall/request.h"
#include "toolcall/tool_format.h"
#include "toolcall/tool_prompt.h"
#include "toolcall/tool_text.h"

namespace cellm::fuzz {
namespace {

using Events = std::vector<ToolEvent>;

constexpr std::string_view kTools =
    R"({"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"s":)"
    R"({"type":"string"},"i":{"type":"integer"},"b":{"type":["boolean","null"]},"a":{}}}}}]})";

// One of each syntax; with tags around all calls, and without anything around a call.
const std::array kFormats{ToolFormat{},
                          ToolFormat{.separator = "; ",
                                     .call_open = "{\"name\": \"",
                                     .after_name = "\", \"parameters\": ",
                                     .call_close = "}",
                                     .arguments_key = "parameters"},
                          ToolFormat{.section_open = "[TOOLS][",
                                     .section_close = "]",
                                     .separator = ", ",
                                     .call_open = "{\"name\": \"",
                                     .call_close = "}"},
                          ToolFormat{.syntax = ToolFormat::Syntax::kNamedJson,
                                     .call_open = "<function=",
                                     .after_name = ">",
                                     .call_close = "</function>"},
                          ToolFormat{.syntax = ToolFormat::Syntax::kTagged,
                                     .call_open = "<tool_call>\n<function=",
                                     .after_name = ">\n",
                                     .call_close = "</function>\n</tool_call>",
                                     .key_open = "<parameter=",
                                     .key_close = ">\n",
                                     .value_close = "\n</parameter>\n"},
                          ToolFormat{.syntax = ToolFormat::Syntax::kTagged,
                                     .section_open = "<c>\n",
                                     .section_close = "\n</c>",
                                     .call_open = "<call>",
                                     .after_name = "",
                                     .call_close = "</call>",
                                     .key_open = "<k>",
                                     .key_close = "</k><v>",
                                     .value_close = "</v>"}};

ToolRequest request_of(std::string_view tools) {
  return read_tools(parse_ordered_json(tools, "tools"));
}

void add(Events more, Events& events) {
  for (ToolEvent& event : more) {
    const bool joins = !events.empty() && event.kind != ToolEvent::Kind::kCall &&
                       events.back().kind == event.kind && events.back().index == event.index;
    if (joins) {
      events.back().text += event.text;
    } else {
      events.push_back(std::move(event));
    }
  }
}

Events split(const ToolFormat& format, std::string_view text, bool constrained, std::size_t piece) {
  const ToolRequest request = request_of(kTools);
  ToolText parts(format, request, constrained, 1);
  Events events;
  while (!text.empty()) {
    parts.push(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
    add(parts.take(), events);
  }
  parts.finish();
  add(parts.take(), events);
  return events;
}

bool same(const Events& a, const Events& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.kind == y.kind && x.index == y.index && x.text == y.text && x.id == y.id &&
           x.name == y.name;
  });
}

void check_text(const ToolFormat& format, std::string_view text) {
  const Events whole = split(format, text, false, std::string_view::npos);
  require(same(whole, split(format, text, false, 1)), "dividing the text makes no difference");
  require(same(split(format, text, true, std::string_view::npos), split(format, text, true, 3)),
          "dividing a constrained text makes no difference");
  std::string content;
  for (const ToolEvent& event : whole) {
    if (event.kind == ToolEvent::Kind::kContent) content += event.text;
    if (event.kind != ToolEvent::Kind::kArguments) continue;
    require(nlohmann::json::parse(event.text, nullptr, false).is_object() ||
                find_invalid_utf8(event.text) != std::string::npos,
            "arguments are a JSON object");
  }
  const bool has_calls = std::any_of(whole.begin(), whole.end(), [](const ToolEvent& event) {
    return event.kind == ToolEvent::Kind::kCall;
  });
  require(has_calls || content == text || call_trigger(format).empty(),
          "without calls everything is content");
}

// The first byte chooses the format.
void run_text(Bytes input) {
  if (input.empty()) return;
  check_text(kFormats[input.front() % kFormats.size()], text_of(input.subspan(1)));
}

// The template, then after a zero byte an answer.
void run_format(Bytes input) {
  const std::string_view text = text_of(input);
  const std::size_t end = std::min(text.find('\0'), text.size());
  const Chat chat(text.substr(0, end), "input", {});
  const ToolFormat format = detect_tool_format(chat);
  check_text(format, end < text.size() ? text.substr(end + 1) : "<tool_call>{\"name\": \"f\"}");
  const ChatMessage messages[] = {{"user", "Hello"}};
  (void)render_with_tools(chat, format, messages, {}, request_of(kTools));
}

// The body of a request.
void run_request(Bytes input) {
  const auto request = parse_ordered_json(text_of(input), "input");
  if (!request.is_object()) return;
  const ToolRequest tools = read_tools(request);
  require(tools.choice == ToolChoice::kNone || !tools.tools.empty(), "a choice has functions");
  require(tools.json.empty() || nlohmann::json::parse(tools.json).is_array(),
          "definitions are an array");
  if (!request.contains("messages")) return;
  const std::vector<ChatMessage> messages = read_messages(request["messages"]);
  const Chat chat(kChatMlTemplate, "chatml", {});
  (void)render_with_tools(chat, ToolFormat{}, messages, {}, tools);
}

}  // namespace

constinit const Harness kToolText{"tool_text", run_text};
constinit const Harness kToolFormat{"tool_format", run_format};
constinit const Harness kToolRequest{"tool_request", run_request};

}  // namespace cellm::fuzz
