// Holding an answer to the form that a request asks for.
#pragma once

#include "engine/generation.h"
#include "serve/answer_fields.h"
#include "toolcall/request.h"
#include "toolcall/tool_format.h"

namespace cellm {

// Throws ApiError 400 that names the field for a form that is not supported: an answer is never
// less constrained than asked for.
void hold_to_format(const OutputFormat& format, GenerateOptions& options);
// The same for an answer that may or has to call functions. With a form and functions that may be
// called, the answer is either of that form or calls.
void hold_answer(const ToolFormat& tool_format, const ToolRequest& tools,
                 const OutputFormat& format, GenerateOptions& options);

}  // namespace cellm
