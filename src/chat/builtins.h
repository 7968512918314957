// Filters, tests, methods and functions that a template can call.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "chat/interpreter.h"

namespace cellm::chat {

using FilterFunction = Value (*)(Interpreter&, const Value& input, Arguments&);
using TestFunction = bool (*)(Interpreter&, const Value& input, Arguments&);
using MethodFunction = Value (*)(Interpreter&, const Value& self, Arguments&);

template <class Function>
struct Named {
  std::string_view name;
  Function function;
};
template <class Function>
using Table = std::span<const Named<Function>>;

// Null if there is no such name.
template <class Function>
Function find_named(Table<Function> table, std::string_view name) {
  for (const Named<Function>& entry : table) {
    if (entry.name == name) return entry.function;
  }
  return nullptr;
}

Table<FilterFunction> text_filters();
Table<FilterFunction> sequence_filters();
Table<FilterFunction> choosing_filters();  // map, select, sort and others over attributes
Table<TestFunction> tests();
Table<MethodFunction> text_methods();
Table<MethodFunction> search_methods();  // of texts: find, split and others
Table<MethodFunction> dict_methods();
Table<MethodFunction> list_methods();
Table<MethodFunction> float_methods();

// Null for an unknown name.
FilterFunction find_filter(std::string_view name);
TestFunction find_test(std::string_view name);

// range, dict, namespace, raise_exception, strftime_now and others.
std::vector<std::pair<std::string, Value>> global_functions();

// The arguments by the names of the parameters; nothing where none was passed. Throws Fault, naming
// the function, for too many and unknown ones.
std::vector<std::optional<Value>> bind(Arguments& arguments, std::string_view function,
                                       std::initializer_list<std::string_view> names);
// The value of an argument of bind(), or `otherwise` if none was passed. integer_or() throws Fault
// for a value that is no integer, naming `what`.
std::int64_t integer_or(const std::optional<Value>& value, std::int64_t otherwise,
                        std::string_view what);
bool truth_or(const std::optional<Value>& value, bool otherwise);
// The text, or its bytes. Throws Fault for other values, naming `what`.
const Text& text_of(const Value& value, std::string_view what);
const std::string& bytes_of(const Value& value, std::string_view what);

}  // namespace cellm::chat
