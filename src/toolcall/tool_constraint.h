// Holding an answer to the form of calls.
#pragma once

#include <memory>

#include "constrain/constraint.h"
#include "toolcall/request.h"
#include "toolcall/tool_format.h"

namespace cellm {

// Null: there is nothing to hold to (no tools; or the choice is left to the model, and nothing
// tells the beginning of a call from text, or control tokens do, which no constraint allows).
//
// kRequired: calls and nothing else. kAuto: any text; where a call begins, it must be one. kNone:
// no call begins. Arguments satisfy the schema of a function that is strict; of others as far as
// the schema is supported, else they are any object. Between tags, parameters come in the order of
// the schema, no others than its own.
//
// Throws Error(kUnsupported) for a form that is not known and a choice that demands it, and for
// what is not supported in the schema of a strict function; Error(kUsage) for a malformed schema.
ConstraintPtr tool_constraint(const ToolFormat& format, const ToolRequest& request);

// Whether calls are held to their form: tool_constraint() then gives a constraint or throws.
bool is_constrained(const ToolFormat& format, const ToolRequest& request);

}  // namespace cellm
