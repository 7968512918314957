// The argument "attribute" of filters: "name", "a.b.0", or an index.
#pragma once

#include <optional>
#include <vector>

#include "chat/interpreter.h"

namespace cellm::chat {

class AttributePath {
 public:
  // No attribute, or none: the elements themselves.
  explicit AttributePath(const std::optional<Value>& attribute,
                         std::optional<Value> otherwise = std::nullopt);
  Value get(Interpreter& interpreter, const Value& element) const;

 private:
  std::vector<Value> steps_;
  std::optional<Value> otherwise_;  // of elements without the attribute
};

}  // namespace cellm::chat
