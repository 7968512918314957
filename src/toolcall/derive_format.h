// The form of calls from a rendering of some.
#pragma once

#include <optional>

#include "toolcall/tool_format.h"

namespace cellm {

// Nothing if the template does not write calls, or not in a form of ToolFormat. A form is only
// returned if it reads what the template has written.
std::optional<ToolFormat> derive_format(const Chat& chat);

}  // namespace cellm
