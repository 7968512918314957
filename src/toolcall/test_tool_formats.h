// Templates with tools for the tests of this folder, in the forms that models have.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "toolcall/request.h"
#include "toolcall/tool_format.h"
#include "toolcall/tool_text.h"

namespace cellm::test {

// ChatML with tools; the form of a call is spliced in.
inline std::string chatml_with_calls(std::string_view calls) {
  return std::string(
             "{% if tools %}<|im_start|>system\n<tools>{% for tool in tools %}{{ tool | tojson }}"
             "{% endfor %}</tools><|im_end|>\n{% endif %}{% for message in messages %}"
             "{{ '<|im_start|>' + message.role + '\n' }}"
             "{% if message.content is string %}{{ message.content }}{% else %}"
             "{% for part in message.content %}{{ part.text }}{% endfor %}{% endif %}"
             "{% if message.tool_calls %}")
      .append(calls)
      .append(
          "{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
          "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}");
}

// <tool_call>\n{"name": "f", "arguments": {…}}\n</tool_call>
inline std::string hermes_template() {
  return chatml_with_calls(
      "{% for call in message.tool_calls %}{{ '\n<tool_call>\n{\"name\": \"' ~ call.function.name "
      "~ "
      "'\", \"arguments\": ' ~ (call.function.arguments | tojson) ~ '}\n</tool_call>' }}{% endfor "
      "%}");
}

// <tool_call>\n<function=f>\n<parameter=x>\n1\n</parameter>\n</function>\n</tool_call>
inline std::string qwen_xml_template() {
  return chatml_with_calls(
      "{% for call in message.tool_calls %}{{ '\n\n<tool_call>\n<function=' ~ call.function.name ~ "
      "'>\n' }}{% for key, value in call.function.arguments | items %}{{ '<parameter=' ~ key ~ "
      "'>\n' ~ (value if value is string else value | tojson) ~ '\n</parameter>\n' }}{% endfor %}"
      "{{ '</function>\n</tool_call>' }}{% endfor %}");
}

// {"name": "f", "parameters": {…}}, one call and no content beside it
inline std::string llama_template() {
  return "{% if tools %}{{ tools | tojson }}{% endif %}{% for message in messages %}"
         "{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' }}"
         "{% if message.tool_calls %}{% if message.tool_calls | length != 1 %}"
         "{{ raise_exception('one call at once') }}{% endif %}"
         "{% set call = message.tool_calls[0].function %}"
         "{{ '{\"name\": \"' + call.name + '\", \"parameters\": ' }}{{ call.arguments | tojson }}"
         "{{ '}' }}{% else %}{{ message.content }}{% endif %}{{ '<|eot_id|>' }}{% endfor %}"
         "{% if add_generation_prompt %}"
         "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";
}

// [TOOL_CALLS][{"name": "f", "arguments": {…}}, …]
inline std::string list_template() {
  return "{% if tools %}[TOOLS]{{ tools | tojson }}[/TOOLS]{% endif %}"
         "{% for message in messages %}{% if message.role == 'assistant' %}"
         "{% if message.tool_calls %}[TOOL_CALLS][{% for call in message.tool_calls %}"
         "{{ '{\"name\": \"' + call.function.name + '\", \"arguments\": ' }}"
         "{{ call.function.arguments | tojson }}{{ '}' }}{% if not loop.last %}, {% endif %}"
         "{% endfor %}]{% else %}{{ message.content }}{% endif %}</s>"
         "{% else %}[INST]{{ message.content }}[/INST]{% endif %}{% endfor %}";
}

// <function=f>{…}</function>
inline std::string named_json_template() {
  return chatml_with_calls(
      "{% for call in message.tool_calls %}{{ '<function=' ~ call.function.name ~ '>' ~ "
      "(call.function.arguments | tojson) ~ '</function>' }}{% endfor %}");
}

// <calls>\n<invoke name="f">\n<parameter name="x">1</parameter>\n</invoke>\n</calls>
inline std::string section_template() {
  return chatml_with_calls(
      "{{ '\n<calls>\n' }}{% for call in message.tool_calls %}{{ '<invoke name=\"' ~ "
      "call.function.name ~ '\">\n' }}{% for key, value in call.function.arguments | items %}"
      "{{ '<parameter name=\"' ~ key ~ '\">' ~ (value if value is string else value | tojson) ~ "
      "'</parameter>\n' }}{% endfor %}{{ '</invoke>\n' }}{% endfor %}{{ '</calls>' }}");
}

inline Chat chat_of(std::string_view source) {
  return Chat(source, "t", {});
}

inline ToolFormat format_of(std::string_view source) {
  return detect_tool_format(chat_of(source));
}

inline const ToolFormat kHermes = format_of(hermes_template());
inline const ToolFormat kXml = format_of(qwen_xml_template());
inline const ToolFormat kLlama = format_of(llama_template());
inline const ToolFormat kList = format_of(list_template());
inline const ToolFormat kNamed = format_of(named_json_template());
inline const ToolFormat kSection = format_of(section_template());

ToolRequest weather_request(ToolChoice choice = ToolChoice::kAuto);

// The parts of an answer, one after another: content as it is, calls as "[name: arguments]".
inline std::string parts_of(const std::vector<ToolEvent>& events) {
  std::string text;
  bool in_call = false;
  for (const ToolEvent& event : events) {
    if (in_call && event.kind != ToolEvent::Kind::kArguments) text += ']';
    in_call = event.kind != ToolEvent::Kind::kContent;
    if (event.kind == ToolEvent::Kind::kCall) text += '[' + event.name + ": ";
    text += event.text;
  }
  if (in_call) text += ']';
  return text;
}

inline std::string split(const ToolFormat& format, std::string_view text, bool constrained = false,
                         std::size_t piece = std::string_view::npos) {
  const ToolRequest request = weather_request();
  ToolText parts(format, request, constrained, 1);
  std::vector<ToolEvent> events;
  while (!text.empty()) {
    parts.push(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
    for (ToolEvent& event : parts.take()) events.push_back(std::move(event));
  }
  parts.finish();
  for (ToolEvent& event : parts.take()) events.push_back(std::move(event));
  return parts_of(events);
}

}  // namespace cellm::test
