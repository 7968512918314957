// The operators of expressions, as in Python.
#pragma once

#include <optional>
#include <string_view>

#include "chat/value.h"

namespace cellm::chat {

// + - * / // % **. Throws Fault for operands that do not go together, division by zero, and
// results beyond 64 bits.
Value arithmetic(std::string_view op, const Value& left, const Value& right, Budget& budget);
Value negated(const Value& value);
// == != < <= > >= in, not in
bool related(std::string_view op, const Value& left, const Value& right, Budget& budget);
bool contains(const Value& container, const Value& value, Budget& budget);

struct Slice {
  std::optional<std::int64_t> begin;
  std::optional<std::int64_t> end;
  std::optional<std::int64_t> step;
};
// Of a text, list or tuple. Throws Fault for others and a step of 0.
Value sliced(const Value& value, const Slice& slice, Budget& budget);

// text % values, and the filter format. Throws Fault if they do not go together.
Text format_percent(const Text& format, const std::vector<Value>& values, const Dict* named,
                    Budget& budget);
// str.format().
Text format_braces(Interpreter& interpreter, const Text& format, const Arguments& arguments);

}  // namespace cellm::chat
