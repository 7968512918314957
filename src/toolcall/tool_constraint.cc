#include "toolcall/tool_constraint.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "toolcall/argument_value.h"
#include "toolcall/literal.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;
using Parts = std::vector<ConstraintPtr>;

// A schema that cannot be expressed here; caught for functions that are not strict.
Error unsupported(const ToolDefinition& tool, std::string_view place, std::string_view what) {
  return unsupported_error("tools: function {}: {}: {} is not supported between tags", tool.name,
                           place, what);
}

template <class Make>
ConstraintPtr strict_or(const ToolDefinition& tool, Make&& make, const ConstraintPtr& otherwise) {
  try {
    return make();
  } catch (const Error& error) {
    const bool refused = error.kind() == ErrorKind::kUnsupported;
    if (refused && !tool.strict) return otherwise;
    throw Error(error.kind(), fmt::format("tools: function {}: {}", tool.name, error.what()));
  }
}

// The schema of an object, as it must be for arguments.
OrderedJson object_schema(const ToolDefinition& tool) {
  OrderedJson schema = OrderedJson::parse(tool.parameters);
  if (!schema.contains("type")) schema["type"] = "object";
  if (schema["type"] != "object") {
    throw usage_error("tools: function {}: the type of the parameters is not object", tool.name);
  }
  return schema;
}

ConstraintPtr json_arguments(const ToolDefinition& tool) {
  const OrderedJson schema = object_schema(tool);
  return strict_or(
      tool, [&] { return constrain_to_json_schema(schema); }, constrain_to_json_object());
}

// A text and the tag behind it. Line breaks in front of the tag belong to the tag.
ConstraintPtr text_value(const ToolFormat& format) {
  const std::string_view tag = without_spaces(format.value_close);
  const std::string_view close = format.value_close;
  return sequence(Parts{text_until(tag), literal(close.substr(close.find(tag) + tag.size()))});
}

// The texts of an enum or const of strings; empty if there is none.
std::vector<std::string> choices_of(const OrderedJson& schema) {
  OrderedJson values = OrderedJson::array();
  if (schema.contains("const")) values.push_back(schema["const"]);
  if (schema.contains("enum")) values = schema["enum"];
  std::vector<std::string> texts;
  for (const OrderedJson& value : values) {
    if (!value.is_string()) return {};
    texts.push_back(value.get<std::string>());
  }
  return texts;
}

ConstraintPtr string_value(const ToolFormat& format, const ToolDefinition& tool,
                           const std::string& key, const OrderedJson& schema) {
  const std::vector<std::string> choices = choices_of(schema);
  if (!choices.empty()) {
    return sequence(Parts{constrain_to_choice(choices), literal(format.value_close)});
  }
  for (const char* keyword : {"pattern", "minLength", "maxLength", "format"}) {
    if (tool.strict && schema.contains(keyword)) throw unsupported(tool, key, keyword);
  }
  return text_value(format);
}

// A value that is no text, as JSON or as Python writes it.
ConstraintPtr other_value(const ToolFormat& format, const ToolDefinition& tool, OrderedJson schema,
                          const AllowedTypes& types, const OrderedJson& root) {
  for (const char* definitions : {"$defs", "definitions"}) {
    if (root.contains(definitions) && !schema.contains(definitions)) {
      schema[definitions] = root[definitions];
    }
  }
  const ConstraintPtr any = constrain_to_json_schema(OrderedJson::object());
  Parts values{strict_or(
      tool, [&] { return constrain_to_json_schema(schema); }, any)};
  const bool plain = !schema.contains("enum") && !schema.contains("const");
  if (types.boolean && plain) {
    const std::array<std::string, 2> words{"True", "False"};
    values.push_back(constrain_to_choice(words));
  }
  if (types.null && plain) values.push_back(literal("None"));
  return sequence(Parts{alternatives(values), literal(format.value_close)});
}

ConstraintPtr tagged_arguments(const ToolFormat& format, const ToolDefinition& tool) {
  const OrderedJson schema = object_schema(tool);
  const OrderedJson required = schema.value("required", OrderedJson::array());
  const OrderedJson properties = schema.value("properties", OrderedJson::object());
  Parts parts;
  for (const auto& [key, property] : properties.items()) {
    const AllowedTypes types = tool.types.at(key);
    ConstraintPtr value;
    if (types.only_string()) {
      value = string_value(format, tool, key, property);
    } else if (types.string) {
      if (tool.strict) throw unsupported(tool, key, "a text or another type");
      value = text_value(format);
    } else {
      value = other_value(format, tool, property, types, schema);
    }
    const ConstraintPtr part =
        sequence(Parts{literal(format.key_open + key + format.key_close), value});
    const bool demanded = std::find(required.begin(), required.end(), key) != required.end();
    parts.push_back(demanded ? part : repeat(part, 0, 1));
  }
  return parts.empty() ? literal("") : sequence(parts);
}

// One call of any function, without the first bytes of its opening text.
ConstraintPtr any_call(const ToolFormat& format, const ToolRequest& request,
                       std::string_view open) {
  Parts calls;
  for (const ToolDefinition& tool : request.tools) {
    const bool tagged = format.syntax == ToolFormat::Syntax::kTagged;
    const ConstraintPtr arguments = tagged ? tagged_arguments(format, tool) : json_arguments(tool);
    std::string begin(open);
    begin.append(tool.name).append(format.after_name);
    calls.push_back(sequence(Parts{literal(begin), arguments, literal(format.call_close)}));
  }
  return alternatives(calls);
}

// A section of calls, or a call where there are no sections. `skipped`: bytes at its beginning that
// stand before it already.
ConstraintPtr section(const ToolFormat& format, const ToolRequest& request, std::size_t skipped,
                      bool several) {
  std::string open = format.section_open + format.call_open;
  open.erase(0, skipped);
  Parts parts{any_call(format, request, open)};
  if (several) {
    const std::string next = format.separator + format.call_open;
    parts.push_back(repeat(any_call(format, request, next), 0, {}));
  }
  if (!format.section_close.empty()) parts.push_back(literal(format.section_close));
  return sequence(parts);
}

// Calls that begin with the opening brace of their JSON, or an answer that does not begin so. That
// would take other answers in JSON away, so it is done where a schema was promised to hold.
ConstraintPtr bare_calls(const ToolFormat& format, const ToolRequest& request) {
  const bool strict = std::any_of(request.tools.begin(), request.tools.end(),
                                  [](const ToolDefinition& tool) { return tool.strict; });
  if (request.choice != ToolChoice::kAuto || !strict) return {};
  constexpr std::string_view kOtherText = "[ \\n\\r\\t]*(?:[^ \\n\\r\\t{][\\u{0}-\\u{10FFFF}]*)?";
  return alternatives(
      Parts{section(format, request, 0, request.parallel), constrain_to_regex(kOtherText)});
}

}  // namespace

ConstraintPtr tool_constraint(const ToolFormat& format, const ToolRequest& request) {
  if (request.tools.empty()) return {};
  if (request.choice == ToolChoice::kRequired) {
    if (!format.known) {
      throw unsupported_error(
          "tool_choice: the form in which this model writes calls is not known, so that none can "
          "be "
          "demanded");
    }
    return section(format, request, 0, request.parallel);
  }
  if (!format.known) return {};
  const std::string trigger = call_trigger(format);
  if (trigger.empty()) return bare_calls(format, request);
  if (request.choice == ToolChoice::kNone) return text_without(trigger);
  const std::string open = format.section_open + format.call_open;
  const bool sections = !format.section_close.empty();
  const ConstraintPtr call = sequence(Parts{
      text_until(trigger),
      section(format, request, open.find(trigger) + trigger.size(), sections && request.parallel)});
  const ConstraintPtr calls = request.parallel ? repeat(call, 0, {}) : repeat(call, 0, 1);
  return sequence(Parts{calls, text_without(trigger)});
}

ConstraintPtr form_or_calls(const ToolFormat& format, const ToolRequest& request,
                            const ConstraintPtr& form) {
  if (request.choice == ToolChoice::kRequired) {
    throw usage_error("tools: the answer has to call a function, and has to be of another form");
  }
  if (request.choice == ToolChoice::kNone || request.tools.empty()) return form;
  ToolRequest calls = request;
  calls.choice = ToolChoice::kRequired;
  return alternatives(Parts{form, tool_constraint(format, calls)});
}

}  // namespace cellm
