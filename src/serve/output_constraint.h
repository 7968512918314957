// Holding an answer to the form that a request asks for.
#pragma once

#include "engine/generation.h"
#include "serve/answer_fields.h"

namespace cellm {

// Throws ApiError 400 that names the field for a form that is not supported: an answer is never
// less constrained than asked for.
void hold_to_format(const OutputFormat& format, GenerateOptions& options);

}  // namespace cellm
