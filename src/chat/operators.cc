#include "chat/operators.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chat/characters.h"
#include "chat/search.h"
#include "chat/text_operations.h"

namespace cellm::chat {
namespace {

[[noreturn]] void unsupported(std::string_view op, const Value& left, const Value& right) {
  refuse_undefined(left);
  refuse_undefined(right);
  throw Fault(fmt::format("unsupported operand type(s) for {}: '{}' and '{}'", op, type_name(left),
                          type_name(right)));
}

[[noreturn]] void overflow() {
  throw Fault("an integer has more than 64 bits");
}

double float_power(double base, double exponent) {
  if (base == 0.0 && exponent < 0.0) throw Fault("0.0 cannot be raised to a negative power");
  const double result = std::pow(base, exponent);
  if (!std::isfinite(base) || !std::isfinite(exponent)) return result;
  if (std::isnan(result)) throw Fault("complex numbers are not supported");
  if (std::isinf(result)) throw Fault("numerical result out of range");
  return result;
}

Value power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    return float_power(static_cast<double>(base), static_cast<double>(exponent));
  }
  std::int64_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) overflow();
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base)) overflow();
  }
  return result;
}

Value integer_arithmetic(std::string_view op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflows = false;
  if (op == "+") {
    overflows = __builtin_add_overflow(a, b, &result);
  } else if (op == "-") {
    overflows = __builtin_sub_overflow(a, b, &result);
  } else if (op == "*") {
    overflows = __builtin_mul_overflow(a, b, &result);
  } else if (op == "**") {
    return power(a, b);
  } else {
    if (b == 0) throw Fault("division by zero");
    if (op == "/") return static_cast<double>(a) / static_cast<double>(b);
    if (b == -1) {
      overflows = op == "//" && __builtin_sub_overflow(0, a, &result);
    } else {
      // Python rounds down, so a remainder has the divisor's sign.
      const bool adjust = a % b != 0 && ((a % b < 0) != (b < 0));
      result = op == "//" ? a / b - (adjust ? 1 : 0) : a % b + (adjust ? b : 0);
    }
  }
  if (overflows) overflow();
  return result;
}

Value float_arithmetic(std::string_view op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "**") return float_power(a, b);
  if (b == 0.0) throw Fault("division by zero");
  if (op == "/") return a / b;
  // As CPython's float_divmod(): the remainder has the sign of the divisor, zero too.
  double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;
  if (remainder == 0.0) {
    remainder = std::copysign(0.0, b);
  } else if ((remainder < 0.0) != (b < 0.0)) {
    remainder += b;
    quotient -= 1.0;
  }
  if (op == "%") return remainder;
  if (quotient == 0.0) return std::copysign(0.0, a / b);
  const double whole = std::floor(quotient);
  return quotient - whole > 0.5 ? whole + 1.0 : whole;
}

Value repeated(const Value& value, std::int64_t times, Budget& budget) {
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(0, times));
  if (const Text* text = text_if(value)) {
    if (!text->empty() && count > kMaxTextBytes / text->size()) {
      throw Fault("a repeated text is too long");
    }
    budget.spend(text->size() * count);
    Text result;
    for (std::size_t i = 0; i < count && !text->empty(); ++i) result.append(*text);
    return make_like(*text, std::move(result));
  }
  const Sequence& sequence = *sequence_if(value);
  if (!sequence.items.empty() && count > kMaxElements / sequence.items.size()) {
    throw Fault("a repeated list is too long");
  }
  budget.spend(sequence.items.size() * count);
  std::vector<Value> items;
  items.reserve(sequence.items.size() * count);
  for (std::size_t i = 0; i < count && !sequence.items.empty(); ++i) {
    items.insert(items.end(), sequence.items.begin(), sequence.items.end());
  }
  return make_sequence(std::move(items), sequence.kind);
}

bool is_list_or_tuple(const Value& value) {
  const Sequence* sequence = sequence_if(value);
  return sequence != nullptr &&
         (sequence->kind == Sequence::Kind::kList || sequence->kind == Sequence::Kind::kTuple);
}

Value joined(const Value& left, const Value& right, Budget& budget) {
  if (const Text* text = text_if(left)) {
    const Text& other = *text_if(right);
    const bool markup = text->is_markup() || other.is_markup();
    Text both = markup ? escaped(*text, budget) : *text;
    both.append(markup ? escaped(other, budget) : other);
    budget.spend(both.size() / 16 + 1);
    return make_text(std::move(both));
  }
  std::vector<Value> items = sequence_if(left)->items;
  const std::vector<Value>& more = sequence_if(right)->items;
  budget.spend(items.size() + more.size());
  items.insert(items.end(), more.begin(), more.end());
  return make_sequence(std::move(items), sequence_if(left)->kind);
}

Value percent(const Value& left, const Value& right, Budget& budget) {
  const Sequence* tuple = sequence_if(right);
  spend_reading(left, budget);
  // Lists and objects may go unused: Python looks for mappings, and takes a list for one.
  const bool unused = tuple != nullptr && tuple->kind != Sequence::Kind::kTuple &&
                      text_if(left)->bytes().find('%') == std::string::npos;
  if (unused) return left;
  const bool many = tuple != nullptr && tuple->kind == Sequence::Kind::kTuple;
  return make_like(*text_if(left),
                   format_percent(*text_if(left), many ? tuple->items : std::vector<Value>{right},
                                  dict_if(right), budget));
}

}  // namespace

Value arithmetic(std::string_view op, const Value& left, const Value& right, Budget& budget) {
  if (is_integer(left) && is_integer(right)) {
    return integer_arithmetic(op, as_integer(left, ""), as_integer(right, ""));
  }
  if (is_number(left) && is_number(right)) {
    return float_arithmetic(op, as_double(left), as_double(right));
  }
  const bool texts = text_if(left) != nullptr && text_if(right) != nullptr;
  const bool lists = is_list_or_tuple(left) && is_list_or_tuple(right) &&
                     sequence_if(left)->kind == sequence_if(right)->kind;
  if (op == "+" && (texts || lists)) return joined(left, right, budget);
  if (op == "%" && text_if(left) != nullptr) return percent(left, right, budget);
  if (op == "*") {
    const auto repeats = [](const Value& v) {
      return text_if(v) != nullptr || is_list_or_tuple(v);
    };
    if (repeats(left) && is_integer(right)) {
      return repeated(left, as_integer(right, ""), budget);
    }
    if (is_integer(left) && repeats(right)) {
      return repeated(right, as_integer(left, ""), budget);
    }
  }
  unsupported(op, left, right);
}

Value negated(const Value& value) {
  if (is_integer(value)) return integer_arithmetic("-", 0, as_integer(value, ""));
  if (!is_number(value)) unsupported("-", value, value);
  return -as_double(value);
}

bool contains(const Value& container, const Value& value, Budget& budget) {
  if (const Text* text = text_if(container)) {
    refuse_undefined(value);
    const Text* part = text_if(value);
    if (part == nullptr) {
      throw Fault(
          fmt::format("'in <string>' requires string as left operand, not {}", type_name(value)));
    }
    budget.spend(text->size() / 4 + 1);
    return find_part(text->bytes(), part->bytes()) != std::string::npos;
  }
  if (const Dict* dict = dict_if(container)) {
    spend_reading(value, budget);
    return !is_undefined(value) && dict_find(*dict, value) != nullptr;
  }
  const std::vector<Value> items = elements(container, budget);
  return std::any_of(items.begin(), items.end(),
                     [&](const Value& item) { return equal(item, value, budget); });
}

bool related(std::string_view op, const Value& left, const Value& right, Budget& budget) {
  if (op == "==") return equal(left, right, budget);
  if (op == "!=") return !equal(left, right, budget);
  if (op == "in") return contains(right, left, budget);
  if (op == "not in") return !contains(right, left, budget);
  const auto is_nan = [](const Value& v) { return is_number(v) && std::isnan(as_double(v)); };
  if (is_nan(left) || is_nan(right)) return false;
  const int order = compare(left, right, budget);
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  return op == ">" ? order > 0 : order >= 0;
}

Value sliced(const Value& value, const Slice& slice, Budget& budget) {
  refuse_undefined(value);
  const Text* text = text_if(value);
  const Sequence* sequence = sequence_if(value);
  if (text == nullptr && !is_list_or_tuple(value) &&
      (sequence == nullptr || sequence->kind != Sequence::Kind::kRange)) {
    return make_undefined(fmt::format("'{} object' cannot be sliced", type_name(value)));
  }
  const std::int64_t step = slice.step.value_or(1);
  if (step == 0) throw Fault("slice step cannot be zero");
  const std::vector<std::size_t> offsets =
      text != nullptr ? boundaries(text->bytes()) : std::vector<std::size_t>{};
  const auto count =
      static_cast<std::int64_t>(text != nullptr ? offsets.size() - 1 : sequence->items.size());
  budget.spend(static_cast<std::uint64_t>(count) + 1);
  const std::int64_t low = step > 0 ? 0 : -1;
  const std::int64_t high = step > 0 ? count : count - 1;
  const auto place = [&](const std::optional<std::int64_t>& at, std::int64_t otherwise) {
    if (!at) return otherwise;
    return std::clamp(*at < 0 ? std::max(*at, -count - 1) + count : *at, low, high);
  };
  const std::int64_t begin = place(slice.begin, step > 0 ? low : high);
  const std::int64_t end = place(slice.end, step > 0 ? high : low);
  Text part;
  std::vector<Value> items;
  for (std::int64_t i = begin; step > 0 ? i < end : i > end;) {
    const auto at = static_cast<std::size_t>(i);
    if (text != nullptr) {
      part.append(*text, offsets[at], offsets[at + 1]);
    } else {
      items.push_back(sequence->items[at]);
    }
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  if (text != nullptr) return make_like(*text, std::move(part));
  return make_sequence(std::move(items), sequence->kind);
}

}  // namespace cellm::chat
