// Constraints by the texts that describe them.
#pragma once

#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "constrain/constraint.h"
#include "constrain/constraint_kind.h"

namespace cellm {

// `texts`: as many as the kind says, mostly one. Throws what the functions of constraint.h throw,
// and Error(kUsage) for another number of texts and for JSON that is none or larger than
// kMaxConstraintBytes.
ConstraintPtr compile_constraint(ConstraintKind kind, std::span<const std::string> texts);

// The latest ones, so that a constraint that is used again has the sets of tokens that it found
// before. Thread-safe; one constraint is compiled at a time.
class ConstraintCache {
 public:
  ConstraintPtr get(ConstraintKind kind, std::span<const std::string> texts) const;

 private:
  struct Entry {
    ConstraintKind kind;
    std::vector<std::string> texts;
    ConstraintPtr constraint;
  };
  mutable std::mutex mutex_;
  mutable std::deque<Entry> entries_;  // the latest first, kMaxKeptConstraints at most
};

}  // namespace cellm
