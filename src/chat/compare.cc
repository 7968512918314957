// Equality and order of values, as in Python.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chat/value.h"

namespace cellm::chat {
namespace {

int sign(bool less, bool greater) {
  return less ? -1 : (greater ? 1 : 0);
}

// Exact for an integer and a double, where a conversion would round.
int compare_numbers(const Value& left, const Value& right) {
  if (is_integer(left) && is_integer(right)) {
    const std::int64_t a = as_integer(left, "");
    const std::int64_t b = as_integer(right, "");
    return sign(a<b, a> b);
  }
  const long double a = is_integer(left) ? static_cast<long double>(as_integer(left, ""))
                                         : static_cast<long double>(as_double(left));
  const long double b = is_integer(right) ? static_cast<long double>(as_integer(right, ""))
                                          : static_cast<long double>(as_double(right));
  return sign(a<b, a> b);
}

bool equal_sequences(const Sequence& left, const Sequence& right, Budget& budget) {
  if (&left == &right) return true;
  if (left.kind != right.kind || left.items.size() != right.items.size()) return false;
  if (left.kind == Sequence::Kind::kGenerator) return false;
  return std::equal(left.items.begin(), left.items.end(), right.items.begin(),
                    [&](const Value& a, const Value& b) { return equal(a, b, budget); });
}

bool equal_dicts(const Dict& left, const Dict& right, Budget& budget) {
  if (left.entries.size() != right.entries.size()) return false;
  return std::all_of(left.entries.begin(), left.entries.end(), [&](const auto& entry) {
    const Value* other = dict_find(right, entry.first);
    return other != nullptr && equal(entry.second, *other, budget);
  });
}

}  // namespace

bool equal(const Value& left, const Value& right, Budget& budget) {
  budget.spend(1);
  if (is_number(left) && is_number(right)) {
    const bool nan = std::isnan(as_double(left)) || std::isnan(as_double(right));
    return !nan && compare_numbers(left, right) == 0;
  }
  if (left.index() != right.index()) return false;
  if (const Text* text = text_if(left)) {
    const Text* other = text_if(right);
    if (text->size() != other->size()) return false;
    budget.spend(text->size() / 16);
    return text->bytes() == other->bytes();
  }
  if (const Sequence* sequence = sequence_if(left)) {
    return equal_sequences(*sequence, *sequence_if(right), budget);
  }
  if (const Dict* dict = dict_if(left)) return equal_dicts(*dict, *dict_if(right), budget);
  return same_object(left, right);
}

bool same_object(const Value& left, const Value& right) {
  if (left.index() != right.index()) return false;
  return std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        const auto& other = std::get<T>(right);
        if constexpr (std::is_same_v<T, None> || std::is_same_v<T, Undefined>) {
          return true;
        } else if constexpr (std::is_same_v<T, TextRef>) {
          return value == other || value->bytes() == other->bytes();  // Python shares short texts
        } else {
          return value == other;
        }
      },
      left);
}

int compare(const Value& left, const Value& right, Budget& budget) {
  budget.spend(1);
  refuse_undefined(left);
  refuse_undefined(right);
  if (is_number(left) && is_number(right)) return compare_numbers(left, right);
  const Text* text = text_if(left);
  const Text* other_text = text_if(right);
  if (text != nullptr && other_text != nullptr) {
    budget.spend(std::min(text->size(), other_text->size()) / 16);
    // UTF-8 has the order of its code points.
    return text->bytes().compare(other_text->bytes());
  }
  const Sequence* sequence = sequence_if(left);
  const Sequence* other = sequence_if(right);
  const auto ordered = [](const Sequence* s) {
    return s != nullptr && (s->kind == Sequence::Kind::kList || s->kind == Sequence::Kind::kTuple);
  };
  if (!ordered(sequence) || !ordered(other) || sequence->kind != other->kind) {
    throw Fault(fmt::format("'<' not supported between instances of '{}' and '{}'", type_name(left),
                            type_name(right)));
  }
  const std::size_t common = std::min(sequence->items.size(), other->items.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (equal(sequence->items[i], other->items[i], budget)) continue;
    return compare(sequence->items[i], other->items[i], budget);
  }
  return sign(sequence->items.size() < other->items.size(),
              sequence->items.size() > other->items.size());
}

}  // namespace cellm::chat
