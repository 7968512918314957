// The forms in which a constraint is described.
#pragma once

#include <cstdint>

namespace cellm {

enum class ConstraintKind : std::uint8_t {
  kJsonSchema,  // a schema as JSON
  kJsonObject,  // no text
  kRegex,
  kChoice,  // one text or more
  kGbnf,
};

}  // namespace cellm
