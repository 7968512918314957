#include "serve/output_constraint.h"

#include <nlohmann/json.hpp>

#include "constrain/constraint.h"
#include "serve/api_error.h"
#include "toolcall/tool_constraint.h"

namespace cellm {
namespace {

ConstraintPtr constraint_of(const OutputFormat& format) {
  switch (format.kind) {
    case OutputFormat::Kind::kText:
      break;
    case OutputFormat::Kind::kJsonObject:
      return constrain_to_json_object();
    case OutputFormat::Kind::kJsonSchema:
      return constrain_to_json_schema(*format.schema);
    case OutputFormat::Kind::kRegex:
      return constrain_to_regex(format.grammar);
    case OutputFormat::Kind::kChoice:
      return constrain_to_choice(format.choices);
    case OutputFormat::Kind::kGrammar:
      return constrain_to_gbnf(format.grammar);
  }
  return nullptr;
}

}  // namespace

void hold_to_format(const OutputFormat& format, GenerateOptions& options) {
  try {
    options.constraint = constraint_of(format);
  } catch (const Error& error) {
    throw request_error(error, format.param);
  }
}

void hold_answer(const ToolFormat& tool_format, const ToolRequest& tools,
                 const OutputFormat& format, GenerateOptions& options) {
  const bool may_call = tools.choice != ToolChoice::kNone && !tools.tools.empty();
  if (may_call) options.spelled_ids = control_tokens_of(tool_format, *options.tokenizer);
  if (format.kind != OutputFormat::Kind::kText && tools.choice == ToolChoice::kRequired) {
    throw field_error(format.param, "{}: the answer has to call a function", format.param);
  }
  if (format.kind != OutputFormat::Kind::kText) hold_to_format(format, options);
  try {
    options.constraint = format.kind == OutputFormat::Kind::kText
                             ? tool_constraint(tool_format, tools)
                             : form_or_calls(tool_format, tools, options.constraint);
  } catch (const Error& error) {
    throw request_error(error, "tools");
  }
}

}  // namespace cellm
