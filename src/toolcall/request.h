// Messages and tools of a request in OpenAI's form (the reference of Chat Completions).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "chat/chat.h"
#include "toolcall/argument_value.h"

namespace cellm {

// Functions of one request, and the length of a name: OpenAI allows 128 and 64.
inline constexpr std::size_t kMaxTools = 1024;
inline constexpr std::size_t kMaxToolNameBytes = 128;

// All throw Error(kUsage) for what is wrong and Error(kUnsupported) for what is not supported. The
// message begins with the field: "messages[2].content: …".

// The field `messages`. The role "developer" is read as "system"; a content of null is empty. Parts
// of other types than text and refusal are not supported. Fields that are unknown are not read.
std::vector<ChatMessage> read_messages(const nlohmann::ordered_json& messages);

struct ToolDefinition {
  std::string name;
  std::string parameters;  // a JSON schema; without parameters that of an empty object
  bool strict = false;
  std::map<std::string, AllowedTypes> types = {};  // of the parameters in it
};

enum class ToolChoice { kNone, kAuto, kRequired };

struct ToolRequest {
  std::string json = {};                   // the definitions as the template reads them; or empty
  std::vector<ToolDefinition> tools = {};  // that may be called: all, or the one that is named
  ToolChoice choice = ToolChoice::kNone;   // a named function: kRequired
  bool parallel = true;                    // more than one call in an answer
};

// The fields tools, tool_choice and parallel_tool_calls of a request. Definitions of the Responses
// API (without the member `function`) are read too.
ToolRequest read_tools(const nlohmann::ordered_json& request);

}  // namespace cellm
