#include "serve/output_constraint.h"

#include <nlohmann/json.hpp>

#include "constrain/constraint.h"
#include "serve/api_error.h"

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

}  // namespace cellm
