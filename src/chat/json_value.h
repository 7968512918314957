// JSON as values of a template.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "chat/value.h"

namespace cellm::chat {

// The variables of a rendering; see Template::render() for the origins of their texts. Throws Fault
// for an integer beyond 64 bits with sign and for nesting beyond kMaxValueDepth.
DictRef variables_from_json(const nlohmann::ordered_json& object);

}  // namespace cellm::chat
