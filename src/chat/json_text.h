// Values as JSON: Python's json.dumps(), which transformers gives to templates as the filter
// tojson.
#pragma once

#include <optional>
#include <string>

#include "chat/value.h"

namespace cellm::chat {

struct JsonStyle {
  bool ensure_ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  // of one level; nothing: all on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

// By the arguments ensure_ascii, indent, separators and sort_keys. Throws Fault for wrong ones.
JsonStyle json_style(Arguments& arguments, Budget& budget);

// The punctuation is the template's, all else has the origin of the value. Throws Fault for values
// that JSON does not have.
Text json_text(const Value& value, const JsonStyle& style, Budget& budget);

}  // namespace cellm::chat
