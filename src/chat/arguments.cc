#include <algorithm>

#include <fmt/format.h>

#include "chat/builtins.h"

namespace cellm::chat {

std::vector<std::optional<Value>> bind(Arguments& arguments, std::string_view function,
                                       std::initializer_list<std::string_view> names) {
  if (arguments.positional.size() > names.size()) {
    throw Fault(fmt::format("{}() takes at most {} argument(s), {} were passed", function,
                            names.size(), arguments.positional.size()));
  }
  std::vector<std::optional<Value>> values(names.size());
  std::move(arguments.positional.begin(), arguments.positional.end(), values.begin());
  for (auto& [name, value] : arguments.named) {
    const auto* found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      throw Fault(fmt::format("{}() got an unexpected keyword argument '{}'", function, name));
    }
    auto& place = values[static_cast<std::size_t>(found - names.begin())];
    if (place) throw Fault(fmt::format("{}() got two values for '{}'", function, name));
    place = std::move(value);
  }
  return values;
}

std::int64_t integer_or(const std::optional<Value>& value, std::int64_t otherwise,
                        std::string_view what) {
  return value ? as_integer(*value, what) : otherwise;
}

bool truth_or(const std::optional<Value>& value, bool otherwise) {
  return value ? truth(*value) : otherwise;
}

const Text& text_of(const Value& value, std::string_view what) {
  refuse_undefined(value);
  const Text* text = text_if(value);
  if (text == nullptr) {
    throw Fault(fmt::format("{} must be a string, not {}", what, type_name(value)));
  }
  return *text;
}

const std::string& bytes_of(const Value& value, std::string_view what) {
  return text_of(value, what).bytes();
}

FilterFunction find_filter(std::string_view name) {
  for (const Table<FilterFunction>& table :
       {text_filters(), sequence_filters(), choosing_filters()}) {
    if (const FilterFunction found = find_named(table, name)) return found;
  }
  return nullptr;
}

TestFunction find_test(std::string_view name) {
  return find_named(tests(), name);
}

}  // namespace cellm::chat
