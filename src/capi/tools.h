// The handles of tools.h.
#pragma once

#include <memory>
#include <optional>

#include <cellm/cellm.h>

#include "capi/chat_choice.h"
#include "capi/handles.h"
#include "constrain/constraint.h"
#include "engine/generation.h"
#include "toolcall/request.h"
#include "toolcall/tool_format.h"
#include "toolcall/tool_text.h"

namespace cellm {

// Shared by the handles of a request's functions.
struct ToolCalls {
  std::shared_ptr<const LoadedModel> loaded;
  ToolRequest request;
  ChosenChat chat;
  ChatOptions options;
  ToolFormat format;  // where there are functions, or a template was given
  ConstraintPtr constraint;

  bool may_call() const { return request.choice != ToolChoice::kNone && !request.tools.empty(); }
};

// Holds an answer, which may be held to another form, to that or calls. Throws Error(kUsage) for
// functions of another opened model, and for another form if a call is required.
void hold_to_tools(const LoadedModel& model, const cellm_tools& tools, GenerateOptions& options);

}  // namespace cellm

struct cellm_tools {
  std::shared_ptr<const cellm::ToolCalls> calls;
};

struct cellm_tool_reader {
  std::shared_ptr<const cellm::ToolCalls> calls;
  std::optional<cellm::ToolText> text = {};  // nothing: no function may be called
  bool ended = false;
};
