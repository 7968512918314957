// Holding an answer to the form of calls.
#pragma once

#include <memory>

#include "constrain/constraint.h"
#include "toolcall/request.h"
#include "toolcall/tool_format.h"

namespace cellm {

// Null: there is nothing to hold to (no tools; the form is not known; or it is JSON with nothing in
// front of it, and an answer may be other JSON).
//
// kRequired: calls and nothing else. kAuto: any text; where a call begins, it must be one. JSON
// with nothing in front of it, at the beginning of an answer, has to be a call only if a function
// is strict. kNone: no call begins. Control tokens that the form contains stand for their spelling
// (control_tokens_of()). Arguments satisfy the schema of a function that is strict; of others as
// far as the schema is supported, else they are any object. Between tags, parameters come in the
// order of the schema, no others than its own.
//
// Throws Error(kUnsupported) for a form that is not known and a choice that demands it, and for
// what is not supported in the schema of a strict function; Error(kUsage) for a malformed schema.
ConstraintPtr tool_constraint(const ToolFormat& format, const ToolRequest& request);

// For an answer that has to be of another form, which is not null: that form, or calls and nothing
// else if functions may be called. Throws what tool_constraint() does, and Error(kUsage) for
// kRequired.
ConstraintPtr form_or_calls(const ToolFormat& format, const ToolRequest& request,
                            const ConstraintPtr& form);

}  // namespace cellm
