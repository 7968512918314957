// Formatting of texts: the operator %, the filter format, and str.format().
#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/utf8.h"
#include "chat/builtins.h"
#include "chat/characters.h"
#include "chat/operators.h"
#include "chat/text_operations.h"

namespace cellm::chat {
namespace {

constexpr std::size_t kMaxWidth = 10'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A decimal number at the front of `text`, which is removed; nothing if there is none.
std::optional<std::size_t> take_number(std::string_view& text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  std::size_t number = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    number = number * 10 + static_cast<std::size_t>(text.front() - '0');
    if (number > kMaxWidth) throw Fault("a width or precision of a format is too large");
  }
  return number;
}

struct Conversion {
  std::optional<std::string> name;
  std::string flags;
  std::optional<std::size_t> width;
  std::optional<std::size_t> precision;
  char type = '\0';

  bool flag(char c) const { return flags.find(c) != std::string::npos; }
};

// Reads a conversion behind a percent sign; `text` then starts after it.
Conversion take_conversion(std::string_view& text) {
  Conversion conversion;
  if (text.starts_with('(')) {
    const std::size_t end = text.find(')');
    if (end == std::string_view::npos) throw Fault("incomplete format key");
    conversion.name = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
  }
  while (!text.empty() && std::string_view("#0- +").find(text.front()) != std::string_view::npos) {
    conversion.flags += text.front();
    text.remove_prefix(1);
  }
  conversion.width = take_number(text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    conversion.precision = take_number(text).value_or(0);
  }
  if (text.empty()) throw Fault("incomplete format");
  conversion.type = text.front();
  text.remove_prefix(1);
  return conversion;
}

Text padded(Text text, std::size_t width, bool left) {
  const std::size_t count = count_characters(text.bytes());
  if (count >= width) return text;
  Text padding = repeated(" ", width - count);
  if (left) {
    text.append(padding);
    return text;
  }
  padding.append(text);
  return padding;
}

std::int64_t whole_number(const Value& value) {
  if (is_integer(value)) return as_integer(value, "");
  if (!is_number(value)) {
    refuse_undefined(value);
    throw Fault(fmt::format("%d format: a real number is required, not {}", type_name(value)));
  }
  constexpr double kBound = 9223372036854775808.0;
  const double number = std::trunc(as_double(value));
  if (!(std::abs(number) < kBound)) throw Fault("an integer has more than 64 bits");
  return static_cast<std::int64_t>(number);
}

std::string number_text(const Conversion& conversion, const Value& value) {
  const bool integer = std::string_view("diuoxX").find(conversion.type) != std::string_view::npos;
  std::string spec = conversion.flag('-') ? "<" : "";
  if (conversion.flag('+'))
    spec += '+';
  else if (conversion.flag(' '))
    spec += ' ';
  if (conversion.flag('#')) spec += '#';
  if (conversion.flag('0') && !conversion.flag('-')) spec += '0';
  // Python's prefix of octal numbers is "0o"; that of fmt is "0", and none before 0.
  std::string_view prefix_rest;
  if (conversion.type == 'o' && conversion.flag('#')) {
    prefix_rest = whole_number(value) == 0 ? "o0" : "o";
  }
  const std::size_t width = conversion.width.value_or(0);
  if (width > prefix_rest.size()) spec += fmt::format("{}", width - prefix_rest.size());
  if (!integer) spec += fmt::format(".{}", conversion.precision.value_or(6));
  spec += std::string_view("iu").find(conversion.type) != std::string_view::npos ? 'd'
                                                                                 : conversion.type;
  const std::string format = "{:" + spec + "}";
  if (integer) {
    std::string text = fmt::format(fmt::runtime(format), whole_number(value));
    if (!prefix_rest.empty()) text.insert(text.find('0') + 1, prefix_rest);
    return text;
  }
  refuse_undefined(value);
  if (!is_number(value)) throw Fault("must be real number");
  return fmt::format(fmt::runtime(format), as_double(value));
}

Text converted(const Conversion& conversion, const Value& value, bool markup, Budget& budget) {
  constexpr std::string_view kNumbers = "diuoxXeEfFgG";
  if (kNumbers.find(conversion.type) != std::string_view::npos) {
    return {number_text(conversion, value), Origin::kTemplate};
  }
  if (conversion.type == 'c') {
    Text character = text_if(value) != nullptr ? *text_if(value) : Text();
    if (is_integer(value)) {
      std::string bytes;
      const std::int64_t code = as_integer(value, "");
      if (code < 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
        throw Fault("%c is beyond the characters");
      }
      append_utf8(bytes, static_cast<char32_t>(code));
      character = Text(bytes, Origin::kTemplate);
    }
    if (count_characters(character.bytes()) != 1) throw Fault("%c requires int or char");
    return padded(std::move(character), conversion.width.value_or(0), conversion.flag('-'));
  }
  if (conversion.type != 's' && conversion.type != 'r') {
    throw Fault(fmt::format("unsupported format character '{}'", conversion.type));
  }
  Text text = conversion.type == 's' ? to_text(value, budget) : to_repr(value, budget);
  if (markup) text = escaped(text, budget);
  if (conversion.precision && count_characters(text.bytes()) > *conversion.precision) {
    text = text.slice(0, boundaries(text.bytes())[*conversion.precision]);
  }
  return padded(std::move(text), conversion.width.value_or(0), conversion.flag('-'));
}

// The value of a replacement field: "", "0", "name", "0.attribute", "name[key]".
class Fields {
 public:
  Fields(Interpreter& interpreter, const Arguments& arguments)
      : interpreter_(interpreter), arguments_(arguments) {}

  Value get(std::string_view field) {
    const std::size_t end = std::min(field.find_first_of(".["), field.size());
    Value value = first(field.substr(0, end));
    std::string_view rest = field.substr(end);
    while (!rest.empty()) {
      const bool index = rest.front() == '[';
      const std::size_t stop =
          index ? rest.find(']') : std::min(rest.find_first_of(".[", 1), rest.size());
      if (stop == std::string_view::npos) throw Fault("expected ']' in a format");
      std::string_view name = rest.substr(1, stop - 1);
      const Value key = number_or_text(name);
      value = index ? interpreter_.item(value, key) : interpreter_.attribute(value, name);
      rest.remove_prefix(stop + (index ? 1 : 0));
    }
    refuse_undefined(value);
    return value;
  }

 private:
  static Value number_or_text(std::string_view name) {
    std::string_view rest = name;
    const auto number = take_number(rest);
    if (number && rest.empty()) return static_cast<std::int64_t>(*number);
    return make_text(name);
  }

  Value first(std::string_view name) {
    const Value key = name.empty() ? Value(next_++) : number_or_text(name);
    if (is_integer(key)) {
      const auto at = static_cast<std::size_t>(as_integer(key, ""));
      if (at >= arguments_.positional.size()) {
        throw Fault(fmt::format("the format has no argument {}", at));
      }
      return arguments_.positional[at];
    }
    interpreter_.budget().spend(arguments_.named.size() / 16 + 1);
    for (const auto& [known, value] : arguments_.named) {
      if (known == name) return value;
    }
    throw Fault(fmt::format("the format has no argument '{}'", name));
  }

  Interpreter& interpreter_;
  const Arguments& arguments_;
  std::int64_t next_ = 0;
};

// The number as text with separators between groups of three digits.
std::string grouped(std::string_view number, char separator) {
  const std::size_t first = std::min(number.find_first_of("0123456789"), number.size());
  const std::size_t last = std::min(number.find_first_not_of("0123456789", first), number.size());
  std::string text(number.substr(0, first));
  for (std::size_t i = first; i < last; ++i) {
    if (i > first && (last - i) % 3 == 0) text += separator;
    text += number[i];
  }
  return text.append(number.substr(last));
}

// What fmt has not: "{:,}", "{:_}" of decimal numbers and "{:.1%}", with a width but without zeros
// in front. Nothing for other specifications.
std::optional<std::string> formatted_apart(const Value& value, std::string_view spec) {
  if (!is_number(value)) return std::nullopt;
  const std::size_t mark = spec.find_first_of(",_", spec.size() > 1 ? 1 : 0);
  const bool percent = spec.ends_with('%');
  if (mark == std::string_view::npos && !percent) return std::nullopt;
  std::string rest(spec);
  const char separator = mark == std::string_view::npos ? '\0' : spec[mark];
  if (separator != '\0') rest.erase(mark, 1);
  if (percent) rest.back() = 'f';
  // The width is taken out: the number becomes longer.
  const std::size_t align =
      rest.size() > 1 && std::string_view("<>^").find(rest[1]) != std::string_view::npos
          ? 2
          : (std::string_view("<>^").find(rest.empty() ? ' ' : rest[0]) != std::string_view::npos
                 ? 1
                 : 0);
  const std::string alignment = align == 0 ? ">" : rest.substr(0, align);
  std::size_t at = align;
  if (at < rest.size() && std::string_view("+- ").find(rest[at]) != std::string_view::npos) ++at;
  const std::size_t width_begin = at;
  if (at < rest.size() && rest[at] == '0') return std::nullopt;
  while (at < rest.size() && is_digit(rest[at])) ++at;
  const std::string width = rest.substr(width_begin, at - width_begin);
  const std::string plain =
      fmt::format("{{:{}{}}}", rest.substr(align, width_begin - align), rest.substr(at));
  const bool real = !is_integer(value) || percent ||
                    std::string_view("eEfFgG").find(rest.back()) != std::string_view::npos;
  std::string number =
      real ? fmt::format(fmt::runtime(plain), as_double(value) * (percent ? 100.0 : 1.0))
           : fmt::format(fmt::runtime(plain), as_integer(value, ""));
  if (separator != '\0') number = grouped(number, separator);
  if (percent) number += '%';
  return fmt::format(fmt::runtime(fmt::format("{{:{}{}}}", alignment, width)), number);
}

// Python's format specification, of which fmt's is a part.
Text formatted(const Value& value, std::string_view spec, Budget& budget) {
  if (spec.empty()) return to_text(value, budget);
  std::string_view rest = spec;
  while (!rest.empty()) {
    if (!take_number(rest)) rest.remove_prefix(1);
  }
  const std::string format = fmt::format("{{:{}}}", spec);
  try {
    if (const auto apart = formatted_apart(value, spec)) return {*apart, Origin::kTemplate};
    if (is_integer(value)) {
      const bool real = std::string_view("eEfFgG").find(spec.back()) != std::string_view::npos;
      return {real ? fmt::format(fmt::runtime(format), as_double(value))
                   : fmt::format(fmt::runtime(format), as_integer(value, "")),
              Origin::kTemplate};
    }
    if (is_number(value)) {
      return {fmt::format(fmt::runtime(format), as_double(value)), Origin::kTemplate};
    }
    const Text text = to_text(value, budget);
    return {fmt::format(fmt::runtime(format), text.bytes()), text.least_trusted()};
  } catch (const fmt::format_error&) {
    throw Fault(fmt::format("unsupported format specification '{}'", spec));
  }
}

}  // namespace

Text format_percent(const Text& format, const std::vector<Value>& values, const Dict* named,
                    Budget& budget) {
  std::string_view rest = format.bytes();
  Text result;
  std::size_t next = 0;
  bool by_name = false;
  while (!rest.empty()) {
    const std::size_t begin = format.size() - rest.size();
    const std::size_t percent = std::min(rest.find('%'), rest.size());
    result.append(format, begin, begin + percent);
    rest.remove_prefix(percent);
    if (rest.empty()) break;
    rest.remove_prefix(1);
    const Conversion conversion = take_conversion(rest);
    if (conversion.type == '%') {
      result.append("%", format.origin_at(begin + percent));
      continue;
    }
    const Value* value = nullptr;
    if (conversion.name) {
      by_name = true;
      value = named == nullptr ? nullptr : dict_find(*named, *conversion.name);
      if (value == nullptr) throw Fault(fmt::format("the format has no '{}'", *conversion.name));
    } else {
      if (next >= values.size()) throw Fault("not enough arguments for format string");
      value = &values[next++];
    }
    result.append(converted(conversion, *value, format.is_markup(), budget));
    if (result.size() > kMaxTextBytes) throw Fault("a text is too long");
  }
  const bool all_used = next == values.size() || by_name || named != nullptr;
  if (!all_used) throw Fault("not all arguments converted during string formatting");
  return result;
}

Text format_braces(Interpreter& interpreter, const Text& format, const Arguments& arguments) {
  const std::string_view bytes = format.bytes();
  Fields fields(interpreter, arguments);
  Text result;
  for (std::size_t at = 0; at < bytes.size();) {
    const char c = bytes[at];
    if (c != '{' && c != '}') {
      const std::size_t end = std::min(bytes.find_first_of("{}", at), bytes.size());
      result.append(format, at, end);
      at = end;
      continue;
    }
    if (at + 1 < bytes.size() && bytes[at + 1] == c) {
      result.append(format, at, at + 1);
      at += 2;
      continue;
    }
    const std::size_t end = bytes.find('}', at);
    if (c == '}' || end == std::string_view::npos) throw Fault("single brace in a format");
    std::string_view field = bytes.substr(at + 1, end - at - 1);
    const std::size_t colon = std::min(field.find(':'), field.size());
    std::string_view name = field.substr(0, colon);
    const std::string_view spec = colon < field.size() ? field.substr(colon + 1) : "";
    const bool repr = name.ends_with("!r");
    if (repr || name.ends_with("!s")) name.remove_suffix(2);
    Value value = fields.get(name);
    if (repr) value = make_text(to_repr(value, interpreter.budget()));
    const Text part = formatted(value, spec, interpreter.budget());
    result.append(format.is_markup() ? escaped(part, interpreter.budget()) : part);
    if (result.size() > kMaxTextBytes) throw Fault("a text is too long");
    at = end + 1;
  }
  return result;
}

}  // namespace cellm::chat
