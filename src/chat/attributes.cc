// object.name and object[index], as jinja2's sandbox resolves them.
#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "chat/builtins.h"
#include "chat/characters.h"
#include "chat/interpreter.h"
#include "chat/operators.h"

namespace cellm::chat {
namespace {

std::string type_of(const Value& object) {
  if (is_none(object)) return "None";
  return fmt::format("{} object", type_name(object));
}

Value no_attribute(const Value& object, std::string_view name) {
  return make_undefined(fmt::format("'{}' has no attribute '{}'", type_of(object), name));
}

// The method as a function of its arguments alone.
Value bound(const Value& object, std::string_view name, MethodFunction method) {
  return std::make_shared<const Callable>(
      Callable{.name = std::string(name), .call = [object, method](auto& interpreter, auto& args) {
                 interpreter.spend_reading(object, args);
                 return method(interpreter, object, args);
               }});
}

// Whether the method changes its object: the sandbox refuses those.
bool changes_values(const Value& object, std::string_view name) {
  constexpr std::array<std::string_view, 5> kDict = {"clear", "pop", "popitem", "setdefault",
                                                     "update"};
  constexpr std::array<std::string_view, 8> kList = {"append", "clear", "pop",    "reverse",
                                                     "insert", "sort",  "extend", "remove"};
  const auto has = [name](const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (dict_if(object) != nullptr) return has(kDict);
  const Sequence* sequence = sequence_if(object);
  return sequence != nullptr && sequence->kind == Sequence::Kind::kList && has(kList);
}

// Whether object[integer] is an element: of texts, lists, tuples and ranges.
bool has_elements(const Value& object) {
  if (text_if(object) != nullptr) return true;
  const Sequence* sequence = sequence_if(object);
  if (sequence == nullptr) return false;
  return sequence->kind == Sequence::Kind::kList || sequence->kind == Sequence::Kind::kTuple ||
         sequence->kind == Sequence::Kind::kRange;
}

// Null if a value of this type has no such method.
MethodFunction find_method(const Value& object, std::string_view name) {
  if (text_if(object) != nullptr) {
    const MethodFunction method = find_named(text_methods(), name);
    return method != nullptr ? method : find_named(search_methods(), name);
  }
  if (dict_if(object) != nullptr) return find_named(dict_methods(), name);
  const Sequence* sequence = sequence_if(object);
  if (std::holds_alternative<double>(object)) return find_named(float_methods(), name);
  const bool indexed = sequence != nullptr && has_elements(object);
  return indexed ? find_named(list_methods(), name) : nullptr;
}

// loop.changed() and loop.cycle().
Value loop_method(const LoopRef& loop, std::string_view name) {
  const bool cycle = name == "cycle";
  return std::make_shared<const Callable>(Callable{
      .name = std::string(name),
      .call = [loop, cycle](Interpreter& interpreter, Arguments& arguments) -> Value {
        std::vector<Value>& values = arguments.positional;
        if (cycle) {
          if (values.empty()) throw Fault("no items for cycling given");
          return values[loop->index0 % values.size()];
        }
        Value now = make_sequence(values, Sequence::Kind::kTuple);
        const bool same = loop->changed && equal(*loop->changed, now, interpreter.budget());
        loop->changed = std::move(now);
        return !same;
      }});
}

Value loop_attribute(const LoopRef& loop, std::string_view name) {
  const auto number = [](std::size_t value) { return static_cast<std::int64_t>(value); };
  const auto count = [&] {
    loop->has(std::numeric_limits<std::size_t>::max() - 1);  // takes all elements of the source
    return loop->items.size();
  };
  if (name == "index") return number(loop->index0 + 1);
  if (name == "index0") return number(loop->index0);
  if (name == "revindex") return number(count() - loop->index0);
  if (name == "revindex0") return number(count() - loop->index0 - 1);
  if (name == "first") return loop->index0 == 0;
  if (name == "last") return !loop->has(loop->index0 + 1);
  if (name == "length") return number(count());
  if (name == "depth") return number(loop->depth0 + 1);
  if (name == "depth0") return number(loop->depth0);
  if (name == "previtem") {
    return loop->index0 == 0 ? make_undefined("there is no previous item")
                             : loop->items[loop->index0 - 1];
  }
  if (name == "nextitem") {
    return loop->has(loop->index0 + 1) ? loop->items[loop->index0 + 1]
                                       : make_undefined("there is no next item");
  }
  if (name == "changed" || name == "cycle") return loop_method(loop, name);
  return no_attribute(loop, name);
}

// Negative indices count from the end. `object` has elements.
Value element(const Value& object, std::int64_t index, Budget& budget) {
  const auto missing = [&] {
    return make_undefined(fmt::format("{} has no element {}", type_of(object), index));
  };
  const Text* text = text_if(object);
  const Sequence* sequence = sequence_if(object);
  const auto count = static_cast<std::int64_t>(length(object, budget));
  const std::int64_t at = index < 0 ? index + count : index;
  if (at < 0 || at >= count) return missing();
  if (sequence != nullptr) return sequence->items[static_cast<std::size_t>(at)];
  budget.spend(text->size());
  const std::vector<std::size_t> offsets = boundaries(text->bytes());
  return make_text(text->slice(offsets[static_cast<std::size_t>(at)],
                               offsets[static_cast<std::size_t>(at) + 1]));
}

}  // namespace

// Methods come before the members of a dictionary, as in jinja2.
Value Interpreter::attribute(const Value& object, std::string_view name) {
  refuse_undefined(object);
  if (const auto* space = std::get_if<NamespaceRef>(&object)) {
    budget_.spend((*space)->members.size() / 16);
    for (const auto& [known, value] : (*space)->members) {
      if (known == name) return value;
    }
    return no_attribute(object, name);
  }
  if (const auto* loop = std::get_if<LoopRef>(&object)) return loop_attribute(*loop, name);
  if (const auto* callable = std::get_if<CallableRef>(&object)) {
    const CallableRef held = *callable;
    if (held->attribute) {
      if (auto value = held->attribute(name)) return *std::move(value);
    }
    return no_attribute(object, name);
  }
  if (changes_values(object, name)) {
    return make_undefined(
        fmt::format("access to attribute '{}' of '{}' object is unsafe", name, type_name(object)));
  }
  if (const Sequence* group = sequence_if(object); group != nullptr && group->is_group) {
    for (std::size_t i = 0; i < group->items.size(); ++i) {
      if (name == Sequence::kGroupParts[i]) return group->items[i];
    }
  }
  if (const MethodFunction method = find_method(object, name)) return bound(object, name, method);
  if (const Dict* dict = dict_if(object)) {
    if (const Value* value = dict_find(*dict, name)) return *value;
  }
  return no_attribute(object, name);
}

// An index of a dictionary or sequence, else the name of an attribute.
Value Interpreter::item(const Value& object, const Value& index) {
  refuse_undefined(object);
  if (const Dict* dict = dict_if(object)) {
    if (is_undefined(index)) return make_undefined("an undefined key");
    chat::spend_reading(index, budget_);
    try {
      if (const Value* value = dict_find(*dict, index)) return *value;
    } catch (const Fault& fault) {  // a list is no key, which is as if there were none
      return make_undefined(fault.what());
    }
  } else if (has_elements(object) && is_integer(index)) {
    return element(object, as_integer(index, "an index"), budget_);
  }
  if (const Text* name = text_if(index)) return attribute(object, name->bytes());
  return make_undefined(
      fmt::format("'{}' has no element {}", type_of(object), to_repr(index, budget_).bytes()));
}

}  // namespace cellm::chat
