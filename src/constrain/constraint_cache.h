// Constraints by the texts that describe them.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "constrain/constraint.h"

namespace cellm {

enum class ConstraintKind : std::uint8_t {
  kJsonSchema,  // a schema as JSON
  kJsonObject,  // no text
  kRegex,
  kChoice,  // a JSON array of strings
  kGbnf,
};

// Throws what the functions of constraint.h throw, and Error(kUsage) for JSON that is none or
// larger than kMaxConstraintBytes.
ConstraintPtr compile_constraint(ConstraintKind kind, std::string_view text);

// The latest ones, so that a constraint that is used again has the sets of tokens that it found
// before. Thread-safe; one constraint is compiled at a time.
class ConstraintCache {
 public:
  ConstraintPtr get(ConstraintKind kind, std::string_view text) const;

 private:
  struct Entry {
    ConstraintKind kind;
    std::string text;
    ConstraintPtr constraint;
  };
  mutable std::mutex mutex_;
  mutable std::deque<Entry> entries_;  // the latest first, kMaxKeptConstraints at most
};

}  // namespace cellm
