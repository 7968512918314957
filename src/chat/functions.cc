// Global functions, and the methods of objects and lists.
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "chat/builtins.h"
#include "chat/operators.h"

namespace cellm::chat {

// Not in the anonymous namespace: a friend of Interpreter.
Value make_namespace(Interpreter& interpreter, Arguments& arguments) {
  const auto space = std::make_shared<Namespace>();
  interpreter.namespaces_.push_back(space);
  interpreter.budget().spend(100);  // it lives as long as the rendering
  for (const Value& object : arguments.positional) {
    const Dict* dict = dict_if(object);
    if (dict == nullptr) throw Fault("namespace() takes objects and named values");
    for (const auto& [key, value] : dict->entries) {
      space->members.emplace_back(bytes_of(key, "a name"), value);
    }
  }
  for (auto& [name, value] : arguments.named) space->members.emplace_back(name, value);
  return space;
}

namespace {

Value range(Interpreter& interpreter, Arguments& arguments) {
  const auto& values = arguments.positional;
  if (values.empty() || values.size() > 3 || !arguments.named.empty()) {
    throw Fault("range() takes one to three numbers");
  }
  const auto number = [&](std::size_t i) {
    return as_integer(values[i], "an argument of range()");
  };
  const std::int64_t begin = values.size() == 1 ? 0 : number(0);
  const std::int64_t end = number(values.size() == 1 ? 0 : 1);
  const std::int64_t step = values.size() == 3 ? number(2) : 1;
  if (step == 0) throw Fault("range() arg 3 must not be zero");
  std::vector<Value> items;
  for (std::int64_t i = begin; step > 0 ? i < end : i > end;) {
    if (static_cast<std::int64_t>(items.size()) >= kMaxRange) {
      throw Fault(fmt::format("a range has more than {} numbers", kMaxRange));
    }
    items.emplace_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  interpreter.budget().spend(items.size());
  return make_sequence(std::move(items), Sequence::Kind::kRange);
}

Value dict(Interpreter& interpreter, Arguments& arguments) {
  const DictRef made = make_dict();
  for (const Value& source : arguments.positional) {
    if (const Dict* other = dict_if(source)) {
      for (const auto& [key, value] : other->entries) dict_set(*made, key, value);
      continue;
    }
    for (const Value& pair : elements(source, interpreter.budget())) {
      const std::vector<Value> parts = elements(pair, interpreter.budget());
      if (parts.size() != 2) throw Fault("dict() takes pairs of a key and a value");
      dict_set(*made, parts[0], parts[1]);
    }
  }
  for (auto& [name, value] : arguments.named) dict_set(*made, make_text(name), value);
  return made;
}

Value joiner(Interpreter&, Arguments& arguments) {
  const Value separator = bind(arguments, "joiner", {"sep"})[0].value_or(make_text(", "));
  const auto used = std::make_shared<bool>(false);
  return std::make_shared<const Callable>(
      Callable{.name = "joiner", .call = [separator, used](Interpreter&, Arguments&) {
                 return std::exchange(*used, true) ? separator : make_text("");
               }});
}

// jinja2.utils.Cycler.
Value cycler(Interpreter&, Arguments& arguments) {
  if (!arguments.named.empty()) throw Fault("cycler() takes no named values");
  if (arguments.positional.empty()) throw Fault("at least one item has to be provided");
  struct State {
    std::vector<Value> items;
    std::size_t position = 0;
  };
  const auto state = std::make_shared<State>(State{std::move(arguments.positional)});
  const auto current = [state] { return state->items[state->position]; };
  return std::make_shared<const Callable>(
      Callable{.name = "Cycler",
               .attribute = [state, current](std::string_view name) -> std::optional<Value> {
                 if (name == "current") return current();
                 if (name == "items") return make_sequence(state->items, Sequence::Kind::kTuple);
                 if (name == "pos") return static_cast<std::int64_t>(state->position);
                 if (name != "next" && name != "reset") return std::nullopt;
                 const bool steps = name == "next";
                 return std::make_shared<const Callable>(Callable{
                     .name = std::string(name),
                     .call = [state, current, steps](Interpreter&, Arguments& passed) -> Value {
                       bind(passed, steps ? "next" : "reset", {});
                       Value now = steps ? current() : Value(None{});
                       state->position = steps ? (state->position + 1) % state->items.size() : 0;
                       return now;
                     }});
               }});
}

Value raise_exception(Interpreter& interpreter, Arguments& arguments) {
  const auto message = bind(arguments, "raise_exception", {"message"})[0];
  throw Fault(to_text(message.value_or(None{}), interpreter.budget()).bytes(),
              Fault::Kind::kRaised);
}

Value strftime_now(Interpreter& interpreter, Arguments& arguments) {
  const auto format = bind(arguments, "strftime_now", {"format"})[0];
  const Text& text = text_of(format.value_or(None{}), "the format");
  const std::string& spelled = text.bytes();
  if (spelled.empty()) return make_text("");
  const std::time_t now = interpreter.now();
  std::tm parts{};
  if (localtime_r(&now, &parts) == nullptr) throw Fault("the local time cannot be told");
  constexpr std::size_t kMaxDateBytes = 4096;
  std::array<char, kMaxDateBytes> buffer{};
  // An empty result has size 0 too, so a mark is put before it.
  const std::size_t size =
      std::strftime(buffer.data(), buffer.size(), ("." + spelled).c_str(), &parts);
  if (size == 0) throw Fault("the date is too long");
  return make_text(std::string_view(buffer.data() + 1, size - 1), text.least_trusted());
}

// Methods of objects.

Value dict_get(Interpreter&, const Value& self, Arguments& arguments) {
  const auto values = bind(arguments, "get", {"key", "default"});
  if (!values[0]) throw Fault("get() needs a key");
  const Value* found = dict_find(*dict_if(self), *values[0]);
  return found != nullptr ? *found : values[1].value_or(None{});
}

template <class Choose>
Value view(const Value& self, Sequence::Kind kind, Interpreter& interpreter, Choose choose) {
  const Dict& dict = *dict_if(self);
  interpreter.budget().spend(dict.entries.size());
  std::vector<Value> items;
  items.reserve(dict.entries.size());
  for (const auto& entry : dict.entries) items.push_back(choose(entry));
  return make_sequence(std::move(items), kind);
}

Value dict_keys(Interpreter& interpreter, const Value& self, Arguments&) {
  return view(self, Sequence::Kind::kKeys, interpreter,
              [](const auto& entry) { return entry.first; });
}

Value dict_values(Interpreter& interpreter, const Value& self, Arguments&) {
  return view(self, Sequence::Kind::kValues, interpreter,
              [](const auto& entry) { return entry.second; });
}

Value dict_items(Interpreter& interpreter, const Value& self, Arguments&) {
  return view(self, Sequence::Kind::kItems, interpreter, [](const auto& entry) {
    return make_sequence({entry.first, entry.second}, Sequence::Kind::kTuple);
  });
}

Value dict_copy(Interpreter& interpreter, const Value& self, Arguments&) {
  interpreter.budget().spend(dict_if(self)->entries.size());
  return std::make_shared<Dict>(*dict_if(self));
}

// Methods of lists.

Value list_count(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const auto value = bind(arguments, "count", {"value"})[0];
  if (!value) throw Fault("count() needs a value");
  std::int64_t count = 0;
  for (const Value& item : sequence_if(self)->items) {
    count += equal(item, *value, interpreter.budget()) ? 1 : 0;
  }
  return count;
}

Value list_index(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const auto value = bind(arguments, "index", {"value"})[0];
  if (!value) throw Fault("index() needs a value");
  const std::vector<Value>& items = sequence_if(self)->items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (equal(items[i], *value, interpreter.budget())) return static_cast<std::int64_t>(i);
  }
  throw Fault("the value is not in the list");
}

Value list_copy(Interpreter& interpreter, const Value& self, Arguments&) {
  interpreter.budget().spend(sequence_if(self)->items.size());
  return make_sequence(sequence_if(self)->items, sequence_if(self)->kind);
}

Value is_whole(Interpreter&, const Value& self, Arguments& arguments) {
  bind(arguments, "is_integer", {});
  const double value = as_double(self);
  return std::isfinite(value) && std::trunc(value) == value;
}

}  // namespace

Table<MethodFunction> dict_methods() {
  static constexpr Named<MethodFunction> kMethods[] = {{"get", dict_get},
                                                       {"keys", dict_keys},
                                                       {"values", dict_values},
                                                       {"items", dict_items},
                                                       {"copy", dict_copy}};
  return kMethods;
}

Table<MethodFunction> list_methods() {
  static constexpr Named<MethodFunction> kMethods[] = {
      {"count", list_count}, {"index", list_index}, {"copy", list_copy}};
  return kMethods;
}

Table<MethodFunction> float_methods() {
  static constexpr Named<MethodFunction> kMethods[] = {{"is_integer", is_whole}};
  return kMethods;
}

std::vector<std::pair<std::string, Value>> global_functions() {
  constexpr std::pair<std::string_view, Value (*)(Interpreter&, Arguments&)> kFunctions[] = {
      {"range", range},
      {"dict", dict},
      {"joiner", joiner},
      {"cycler", cycler},
      {"namespace", make_namespace},
      {"raise_exception", raise_exception},
      {"strftime_now", strftime_now}};
  std::vector<std::pair<std::string, Value>> all;
  for (const auto& [name, function] : kFunctions) {
    all.emplace_back(name, std::make_shared<const Callable>(
                               Callable{.name = std::string(name), .call = function}));
  }
  return all;
}

}  // namespace cellm::chat
