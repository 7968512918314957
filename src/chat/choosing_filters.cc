// Filters that order, choose or map the elements of a list, by attributes where asked.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "chat/attribute_path.h"
#include "chat/builtins.h"
#include "chat/characters.h"
#include "chat/operators.h"
#include "chat/text_operations.h"

namespace cellm::chat {

AttributePath::AttributePath(const std::optional<Value>& attribute, std::optional<Value> otherwise)
    : otherwise_(std::move(otherwise)) {
  if (!attribute || is_none(*attribute)) return;
  const Text* path = text_if(*attribute);
  if (path == nullptr) {
    steps_.push_back(*attribute);
    return;
  }
  for (const Text& part : split(*path, ".", -1, false)) {
    std::int64_t number = 0;
    const std::string& name = part.bytes();
    const auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool is_index = status == std::errc() && end == name.data() + name.size() && number >= 0;
    steps_.push_back(is_index ? Value(number) : make_text(part));
  }
}

Value AttributePath::get(Interpreter& interpreter, const Value& element) const {
  Value value = element;
  for (const Value& step : steps_) {
    value = interpreter.item(value, step);
    if (otherwise_ && !is_none(*otherwise_) && is_undefined(value)) value = *otherwise_;
  }
  return value;
}

namespace {

// Texts compare without case unless told otherwise.
Value sort_key(Value value, bool case_sensitive) {
  const Text* text = text_if(value);
  if (text == nullptr || case_sensitive) return value;
  return make_text(change_case(*text, Casing::kLower));
}

struct Keyed {
  std::vector<Value> keys;  // by attribute; compared in order
  Value value;
};

bool before(const Keyed& a, const Keyed& b, Budget& budget) {
  for (std::size_t i = 0; i < a.keys.size(); ++i) {
    if (equal(a.keys[i], b.keys[i], budget)) continue;
    return compare(a.keys[i], b.keys[i], budget) < 0;
  }
  return false;
}

void sort_keyed(std::vector<Keyed>& all, bool descending, Budget& budget) {
  std::stable_sort(all.begin(), all.end(), [&](const Keyed& a, const Keyed& b) {
    return descending ? before(b, a, budget) : before(a, b, budget);
  });
}

std::vector<Keyed> with_keys(Interpreter& interpreter, const Value& input,
                             const std::vector<AttributePath>& paths, bool case_sensitive) {
  std::vector<Keyed> all;
  for (Value& item : elements(input, interpreter.budget())) {
    Keyed keyed{.keys = {}, .value = {}};
    for (const AttributePath& path : paths) {
      keyed.keys.push_back(sort_key(path.get(interpreter, item), case_sensitive));
    }
    keyed.value = std::move(item);
    all.push_back(std::move(keyed));
  }
  return all;
}

Value values_of(std::vector<Keyed> all) {
  std::vector<Value> values;
  values.reserve(all.size());
  for (Keyed& keyed : all) values.push_back(std::move(keyed.value));
  return make_sequence(std::move(values));
}

Value sort(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "sort", {"reverse", "case_sensitive", "attribute"});
  std::vector<AttributePath> paths;
  const Text* names = values[2] ? text_if(*values[2]) : nullptr;
  if (names == nullptr) {
    paths.emplace_back(values[2]);
  } else {
    for (const Text& name : split(*names, ",", -1, false)) paths.emplace_back(make_text(name));
  }
  std::vector<Keyed> all = with_keys(interpreter, input, paths, truth_or(values[1], false));
  sort_keyed(all, truth_or(values[0], false), interpreter.budget());
  return values_of(std::move(all));
}

Value dict_sort(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "dictsort", {"case_sensitive", "by", "reverse"});
  refuse_undefined(input);
  const Dict* dict = dict_if(input);
  if (dict == nullptr) throw Fault("dictsort needs an object");
  const std::string by = values[1] ? bytes_of(*values[1], "by") : "key";
  if (by != "key" && by != "value") throw Fault("You can only sort by either \"key\" or \"value\"");
  std::vector<Keyed> all;
  for (const auto& [key, value] : dict->entries) {
    all.push_back({.keys = {sort_key(by == "key" ? key : value, truth_or(values[0], false))},
                   .value = make_sequence({key, value}, Sequence::Kind::kTuple)});
  }
  sort_keyed(all, truth_or(values[2], false), interpreter.budget());
  return values_of(std::move(all));
}

template <bool kMaximum>
Value extreme(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "min", {"case_sensitive", "attribute"});
  std::vector<Keyed> all =
      with_keys(interpreter, input, {AttributePath(values[1])}, truth_or(values[0], false));
  if (all.empty()) return make_undefined("No aggregated item, sequence was empty.");
  const Keyed* best = all.data();
  for (const Keyed& keyed : all) {
    const bool better = kMaximum ? before(*best, keyed, interpreter.budget())
                                 : before(keyed, *best, interpreter.budget());
    if (better) best = &keyed;
  }
  return best->value;
}

Value unique(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "unique", {"case_sensitive", "attribute"});
  const DictRef seen = make_dict();
  std::vector<Value> kept;
  for (Keyed& keyed :
       with_keys(interpreter, input, {AttributePath(values[1])}, truth_or(values[0], false))) {
    spend_reading(keyed.keys[0], interpreter.budget());
    if (dict_find(*seen, keyed.keys[0]) != nullptr) continue;
    dict_set(*seen, keyed.keys[0], None{});
    kept.push_back(std::move(keyed.value));
  }
  return make_sequence(std::move(kept), Sequence::Kind::kGenerator);
}

Value group_by(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "groupby", {"attribute", "default", "case_sensitive"});
  if (!values[0]) throw Fault("groupby needs an attribute");
  const AttributePath path(values[0], values[1]);
  std::vector<Keyed> all = with_keys(interpreter, input, {path}, truth_or(values[2], false));
  sort_keyed(all, false, interpreter.budget());
  std::vector<Value> groups;
  for (auto at = all.begin(); at != all.end();) {
    std::vector<Value> members;
    auto end = at;
    for (; end != all.end() && equal(end->keys[0], at->keys[0], interpreter.budget()); ++end) {
      members.push_back(end->value);
    }
    if (members.empty()) throw Fault("groupby needs comparable values");  // NaN
    const Value key = path.get(interpreter, at->value);
    groups.push_back(
        make_sequence({key, make_sequence(std::move(members))}, Sequence::Kind::kTuple));
    sequence_if(groups.back())->is_group = true;
    at = end;
  }
  return make_sequence(std::move(groups));
}

// The elements that map and select iterate over: none of a value that is false, as in jinja2.
std::vector<Value> elements_if_any(Interpreter& interpreter, const Value& input) {
  return truth(input) ? elements(input, interpreter.budget()) : std::vector<Value>();
}

Value map(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  std::vector<Value> results;
  if (arguments.positional.empty()) {
    const auto values = bind(arguments, "map", {"attribute", "default"});
    if (!values[0]) throw Fault("map requires a filter or an attribute");
    const AttributePath path(values[0], values[1]);
    for (const Value& item : elements_if_any(interpreter, input)) {
      results.push_back(path.get(interpreter, item));
    }
  } else {
    const std::string name = bytes_of(arguments.positional.front(), "the name of a filter");
    arguments.positional.erase(arguments.positional.begin());
    for (const Value& item : elements_if_any(interpreter, input)) {
      Arguments passed = arguments;
      results.push_back(interpreter.filter(name, item, passed));
    }
  }
  return make_sequence(std::move(results), Sequence::Kind::kGenerator);
}

// select, reject, selectattr and rejectattr.
template <bool kSelect, bool kAttribute>
Value choose(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  auto& positional = arguments.positional;
  const auto take = [&positional]() -> std::optional<Value> {
    if (positional.empty()) return std::nullopt;
    Value value = std::move(positional.front());
    positional.erase(positional.begin());
    return value;
  };
  const std::optional<Value> attribute = kAttribute ? take() : std::nullopt;
  if (kAttribute && !attribute) throw Fault("Missing parameter for attribute name");
  const AttributePath path(attribute);
  const std::optional<Value> test = take();
  std::vector<Value> kept;
  for (Value& item : elements_if_any(interpreter, input)) {
    const Value value = path.get(interpreter, item);
    Arguments passed = arguments;
    const bool yes = test ? interpreter.test(bytes_of(*test, "the name of a test"), value, passed)
                          : truth(value);
    if (yes == kSelect) kept.push_back(std::move(item));
  }
  return make_sequence(std::move(kept), Sequence::Kind::kGenerator);
}

Value attribute(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto name = bind(arguments, "attr", {"name"})[0];
  // Only what is an attribute: the members of an object are none.
  if (dict_if(input) != nullptr) {
    const std::string& method = bytes_of(name.value_or(None{}), "the name");
    if (find_named(dict_methods(), method) == nullptr) {
      return make_undefined(fmt::format("'dict object' has no attribute '{}'", method));
    }
  }
  return interpreter.attribute(input, bytes_of(name.value_or(None{}), "the name"));
}

}  // namespace

Table<FilterFunction> choosing_filters() {
  static constexpr Named<FilterFunction> kFilters[] = {
      {"sort", sort},
      {"dictsort", dict_sort},
      {"min", extreme<false>},
      {"max", extreme<true>},
      {"unique", unique},
      {"groupby", group_by},
      {"map", map},
      {"select", choose<true, false>},
      {"reject", choose<false, false>},
      {"selectattr", choose<true, true>},
      {"rejectattr", choose<false, true>},
      {"attr", attribute},
  };
  return kFilters;
}

}  // namespace cellm::chat
