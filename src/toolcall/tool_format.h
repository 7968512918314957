// The form in which a model writes calls of functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chat/chat.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

// The texts around the parts of a call. An answer with calls is
//
//   section_open CALL separator CALL … section_close
//
// and a call, by its syntax,
//
//   kJson       call_open NAME after_name ARGUMENTS call_close, all together one JSON object in
//   tags:
//               <tool_call>\n{"name": "f", "arguments": {"x": 1}}\n</tool_call>
//   kNamedJson  the same, but the arguments alone are JSON: <function=f>{"x": 1}</function>
//   kTagged     call_open NAME after_name (key_open KEY key_close VALUE value_close)* call_close:
//               <tool_call>\n<function=f>\n<parameter=x>\n1\n</parameter>\n</function>\n</tool_call>
//
// The texts are as the template writes them; calls are read with any white space between words.
struct ToolFormat {
  enum class Syntax : std::uint8_t { kJson, kNamedJson, kTagged };

  bool in_template = false;        // the template writes definitions of tools
  bool calls_in_template = false;  // and the calls and results of earlier answers
  bool system_role = true;         // there are system messages
  bool known = true;               // false: the form of the calls is not one of those above
  std::string note = {};           // what a log should say; or empty

  Syntax syntax = Syntax::kJson;
  std::string section_open = {};
  std::string section_close = {};
  std::string separator = "\n";
  std::string call_open = "<tool_call>\n{\"name\": \"";
  std::string after_name = "\", \"arguments\": ";
  std::string call_close = "}\n</tool_call>";
  // kJson: the members of the object.
  std::string name_key = "name";
  std::string arguments_key = "arguments";
  // kTagged
  std::string key_open = {};
  std::string key_close = {};
  std::string value_close = {};
};

// The form by what the template writes for probes of definitions and calls. Without tools in the
// template it is Hermes' JSON, which the initial values of ToolFormat have. Throws nothing for what
// a template cannot do.
ToolFormat detect_tool_format(const Chat& chat);

// A call begins with this text, which is empty if calls have nothing in front of the JSON: then one
// can only be at the beginning of an answer.
std::string call_trigger(const ToolFormat& format);

// The text in front of a call: of its JSON object (kJson) or its name. `first`: with section_open.
std::string before_call(const ToolFormat& format, bool first);

// Control tokens that the texts contain. As a rule such tokens have no text in an answer; these
// need one (GenerateOptions::spelled_ids).
std::vector<std::uint32_t> control_tokens_of(const ToolFormat& format, const Tokenizer& tokenizer);

}  // namespace cellm
