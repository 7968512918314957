#include "chat/value.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "chat/characters.h"

namespace cellm::chat {
namespace {

int depth_of(const Value& value) {
  if (const Sequence* sequence = sequence_if(value)) return sequence->depth;
  if (const Dict* dict = dict_if(value)) return dict->depth;
  return 0;
}

int depth_around(int inner) {
  if (inner >= kMaxValueDepth) {
    throw Fault(fmt::format("lists and objects are nested more than {} deep", kMaxValueDepth));
  }
  return inner + 1;
}

void check_count(std::size_t count) {
  if (count > kMaxElements) {
    throw Fault(fmt::format("a list or object has more than {} elements", kMaxElements));
  }
}

std::string text_key(std::string_view text) {
  std::string key(1, 's');
  key += text;
  return key;
}

// Equal keys have equal spellings: 1, 1.0 and true are one key in Python.
std::string dict_key(const Value& key) {
  refuse_undefined(key);
  if (const Text* text = text_if(key)) return text_key(text->bytes());
  if (is_none(key)) return "n";
  if (is_integer(key)) return fmt::format("i{}", as_integer(key, "a key"));
  if (is_number(key)) {
    const double number = as_double(key);
    constexpr double kExact = 9007199254740992.0;  // 2^53
    if (number == std::floor(number) && std::abs(number) <= kExact) {
      return fmt::format("i{}", static_cast<std::int64_t>(number));
    }
    return fmt::format("f{}", number);
  }
  const Sequence* tuple = sequence_if(key);
  if (tuple == nullptr || tuple->kind != Sequence::Kind::kTuple) {
    throw Fault(fmt::format("unhashable type: '{}'", type_name(key)));
  }
  std::string spelled = "t";
  for (const Value& item : tuple->items) {
    const std::string part = dict_key(item);
    spelled += fmt::format("{}:{}", part.size(), part);
    if (spelled.size() > kMaxTextBytes) throw Fault("a key is too long");
  }
  return spelled;
}

}  // namespace

void spend_reading(const Value& value, Budget& budget) {
  if (const Text* text = text_if(value)) budget.spend(text->size() / 4);
  const Sequence* tuple = sequence_if(value);
  if (tuple == nullptr || tuple->kind != Sequence::Kind::kTuple) return;
  budget.spend(tuple->items.size());
  for (const Value& item : tuple->items) spend_reading(item, budget);
}

bool Loop::has(std::size_t index) {
  while (items.size() <= index && taken < source.size()) {
    const Value& next = source[taken++];
    if (!condition || condition(next)) items.push_back(next);
  }
  return items.size() > index;
}

Value make_text(Text text) {
  if (text.size() > kMaxTextBytes) {
    throw Fault(fmt::format("a text has more than {} bytes", kMaxTextBytes));
  }
  return std::make_shared<const Text>(std::move(text));
}

Value make_text(std::string_view bytes, Origin origin) {
  return make_text(Text(bytes, origin));
}

Value make_sequence(std::vector<Value> items, Sequence::Kind kind) {
  check_count(items.size());
  int inner = 0;
  for (const Value& item : items) inner = std::max(inner, depth_of(item));
  return std::make_shared<Sequence>(
      Sequence{.kind = kind, .items = std::move(items), .depth = depth_around(inner)});
}

Value make_undefined(std::string message) {
  return Undefined{std::make_shared<const std::string>(std::move(message))};
}

DictRef make_dict() {
  return std::make_shared<Dict>();
}

void dict_set(Dict& dict, const Value& key, Value value) {
  dict.depth = std::max(dict.depth, depth_around(std::max(depth_of(key), depth_of(value))));
  const auto [found, added] = dict.index.try_emplace(dict_key(key), dict.entries.size());
  if (!added) {
    dict.entries[found->second].second = std::move(value);
    return;
  }
  check_count(dict.entries.size() + 1);
  dict.entries.emplace_back(key, std::move(value));
}

const Value* dict_find(const Dict& dict, const Value& key) {
  const auto found = dict.index.find(dict_key(key));
  return found == dict.index.end() ? nullptr : &dict.entries[found->second].second;
}

const Value* dict_find(const Dict& dict, std::string_view key) {
  const auto found = dict.index.find(text_key(key));
  return found == dict.index.end() ? nullptr : &dict.entries[found->second].second;
}

const Text* text_if(const Value& value) {
  const auto* text = std::get_if<TextRef>(&value);
  return text == nullptr ? nullptr : text->get();
}

Sequence* sequence_if(const Value& value) {
  const auto* sequence = std::get_if<SequenceRef>(&value);
  return sequence == nullptr ? nullptr : sequence->get();
}

Dict* dict_if(const Value& value) {
  const auto* dict = std::get_if<DictRef>(&value);
  return dict == nullptr ? nullptr : dict->get();
}

bool is_undefined(const Value& value) {
  return std::holds_alternative<Undefined>(value);
}

bool is_none(const Value& value) {
  return std::holds_alternative<None>(value);
}

bool is_integer(const Value& value) {
  return std::holds_alternative<bool>(value) || std::holds_alternative<std::int64_t>(value);
}

bool is_number(const Value& value) {
  return is_integer(value) || std::holds_alternative<double>(value);
}

std::int64_t as_integer(const Value& value, std::string_view what) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1 : 0;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  refuse_undefined(value);
  throw Fault(fmt::format("{} must be an integer, not {}", what, type_name(value)));
}

double as_double(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return static_cast<double>(as_integer(value, "the number"));
}

std::string_view type_name(const Value& value) {
  constexpr std::string_view kNames[] = {"Undefined", "NoneType", "bool",       "int",
                                         "float",     "str",      "list",       "dict",
                                         "Namespace", "function", "LoopContext"};
  const Sequence* sequence = sequence_if(value);
  if (sequence == nullptr) return kNames[value.index()];
  switch (sequence->kind) {
    case Sequence::Kind::kList:
      return "list";
    case Sequence::Kind::kTuple:
      return "tuple";
    case Sequence::Kind::kRange:
      return "range";
    case Sequence::Kind::kKeys:
      return "dict_keys";
    case Sequence::Kind::kValues:
      return "dict_values";
    case Sequence::Kind::kItems:
      return "dict_items";
    case Sequence::Kind::kGenerator:
      return "generator";
  }
  return "list";
}

void refuse_undefined(const Value& value) {
  if (const auto* undefined = std::get_if<Undefined>(&value)) throw Fault(*undefined->message);
}

bool truth(const Value& value) {
  if (is_undefined(value) || is_none(value)) return false;
  if (const auto* number = std::get_if<double>(&value)) return *number != 0.0;
  if (is_integer(value)) return as_integer(value, "") != 0;
  if (const Text* text = text_if(value)) return !text->empty();
  if (const Dict* dict = dict_if(value)) return !dict->entries.empty();
  if (const Sequence* sequence = sequence_if(value)) {
    return sequence->kind == Sequence::Kind::kGenerator || !sequence->items.empty();
  }
  return true;
}

std::vector<Value> elements(const Value& value, Budget& budget) {
  if (is_undefined(value)) return {};
  if (const Text* text = text_if(value)) return characters(*text, budget);
  if (Sequence* sequence = sequence_if(value)) {
    budget.spend(sequence->items.size());
    if (sequence->kind != Sequence::Kind::kGenerator) return sequence->items;
    if (sequence->spent) return {};
    sequence->spent = true;
    return sequence->items;
  }
  const Dict* dict = dict_if(value);
  if (dict == nullptr) throw Fault(fmt::format("'{}' object is not iterable", type_name(value)));
  budget.spend(dict->entries.size());
  std::vector<Value> keys;
  keys.reserve(dict->entries.size());
  for (const auto& [key, unused] : dict->entries) keys.push_back(key);
  return keys;
}

std::size_t length(const Value& value, Budget& budget) {
  if (is_undefined(value)) return 0;
  if (const Text* text = text_if(value)) {
    budget.spend(text->size() / 16 + 1);
    return count_characters(text->bytes());
  }
  if (const Dict* dict = dict_if(value)) return dict->entries.size();
  const Sequence* sequence = sequence_if(value);
  if (sequence == nullptr || sequence->kind == Sequence::Kind::kGenerator) {
    throw Fault(fmt::format("object of type '{}' has no len()", type_name(value)));
  }
  return sequence->items.size();
}

}  // namespace cellm::chat
