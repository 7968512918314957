// Shared parts of this folder's tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "constrain/constrained_text.h"
#include "constrain/constraint.h"
#include "io/json.h"

namespace cellm::test {

inline ConstraintPtr schema(std::string_view text) {
  return constrain_to_json_schema(parse_ordered_json(text, "schema"));
}

// All texts over an alphabet with up to `longest` bytes.
inline std::vector<std::string> all_texts(std::string_view alphabet, std::size_t longest) {
  std::vector<std::string> texts{""};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].size() == longest) break;
    for (const char c : alphabet) texts.push_back(texts[i] + c);
  }
  return texts;
}

// "kind: message" of the Error that `action` throws.
template <class Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    switch (error.kind()) {
      case ErrorKind::kUsage:
        return std::string("usage: ") + error.what();
      case ErrorKind::kUnsupported:
        return std::string("unsupported: ") + error.what();
      case ErrorKind::kResources:
        return std::string("resources: ") + error.what();
      default:
        return std::string("other: ") + error.what();
    }
  }
  return "nothing was thrown";
}

}  // namespace cellm::test
