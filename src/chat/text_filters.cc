// Filters that turn a value into a text, or a text into a number.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/utf8.h"
#include "chat/builtins.h"
#include "chat/characters.h"
#include "chat/json_text.h"
#include "chat/numerals.h"
#include "chat/operators.h"
#include "chat/text_operations.h"
#include "tokenizer/unicode.h"

namespace cellm::chat {
namespace {

template <Casing kCasing>
Value cased(Interpreter& interpreter, const Value& input, Arguments&) {
  const Text text = to_text(input, interpreter.budget());
  interpreter.budget().spend(text.size());
  return make_text(change_case(text, kCasing));
}

// A word begins after white space, a hyphen and opening brackets: unlike str.title().
Value title(Interpreter& interpreter, const Value& input, Arguments&) {
  const Text text = to_text(input, interpreter.budget());
  interpreter.budget().spend(text.size());
  const std::string_view bytes = text.bytes();
  Text result;
  std::size_t begin = 0;
  const auto flush = [&](std::size_t end) {
    if (begin == end) return;
    std::size_t first = 0;
    decode_utf8(bytes.substr(begin), first);
    result.append(change_case(text.slice(begin, begin + first), Casing::kUpper));
    result.append(change_case(text.slice(begin + first, end), Casing::kLower));
  };
  for (std::size_t at = 0, size = 0; at < bytes.size(); at += size) {
    const char32_t code = decode_utf8(bytes.substr(at), size);
    const bool separator = is_python_space(code) || code == '-' || code == '(' || code == '{' ||
                           code == '[' || code == '<';
    if (!separator) continue;
    flush(at);
    result.append(text, at, at + size);
    begin = at + size;
  }
  flush(bytes.size());
  return make_text(std::move(result));
}

Value trim(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto chars = bind(arguments, "trim", {"chars"})[0];
  const bool given = chars && !is_none(*chars);
  return make_text(strip(to_text(input, interpreter.budget()), true, true,
                         given ? &bytes_of(*chars, "the characters of trim") : nullptr,
                         interpreter.budget()));
}

Value string(Interpreter& interpreter, const Value& input, Arguments&) {
  return make_text(to_text(input, interpreter.budget()));
}

Value safe(Interpreter& interpreter, const Value& input, Arguments&) {
  Text text = to_text(input, interpreter.budget());
  text.set_markup(true);
  return make_text(std::move(text));
}

Value escape(Interpreter& interpreter, const Value& input, Arguments&) {
  return make_text(escaped(to_text(input, interpreter.budget()), interpreter.budget()));
}

Value force_escape(Interpreter& interpreter, const Value& input, Arguments&) {
  Text text = to_text(input, interpreter.budget());
  text.set_markup(false);
  return make_text(escaped(text, interpreter.budget()));
}

Value replace(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "replace", {"old", "new", "count"});
  if (!values[0] || !values[1]) throw Fault("replace needs an old and a new text");
  const bool all = !values[2] || is_none(*values[2]);
  Budget& budget = interpreter.budget();
  return make_text(replaced(to_text(input, budget), to_text(*values[0], budget).bytes(),
                            to_text(*values[1], budget),
                            all ? -1 : as_integer(*values[2], "the count"), budget));
}

Value indent(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "indent", {"width", "first", "blank"});
  const Text* given = values[0] ? text_if(*values[0]) : nullptr;
  constexpr std::int64_t kMaxIndent = 10'000;
  const std::int64_t width = given == nullptr ? integer_or(values[0], 4, "the width") : 0;
  if (width > kMaxIndent) throw Fault("the width of indent is too large");
  const Text space = given == nullptr
                         ? repeated(" ", static_cast<std::size_t>(std::max<std::int64_t>(0, width)))
                         : *given;
  const bool blank = truth_or(values[2], false);
  Text text = text_of(input, "the input of indent");
  text.append("\n", Origin::kTemplate);  // so that a last line break counts as a line
  const std::vector<Text> lines = split_lines(text, false);
  Text result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) result.append("\n", Origin::kTemplate);
    const bool indented = i == 0 ? truth_or(values[1], false) : blank || !lines[i].empty();
    if (indented) result.append(space);
    result.append(lines[i]);
    interpreter.budget().spend(space.size() / 16 + 1);
    if (result.size() > kMaxTextBytes) throw Fault("a text is too long");
  }
  return make_like(text, std::move(result));
}

Value truncate(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "truncate", {"length", "killwords", "end", "leeway"});
  const Text end = values[2] ? text_of(*values[2], "the end") : Text("...", Origin::kTemplate);
  const std::int64_t length = integer_or(values[0], 255, "the length");
  const bool usual = !values[3] || is_none(*values[3]);
  const std::int64_t leeway = usual ? 5 : as_integer(*values[3], "the leeway");
  const auto end_count = static_cast<std::int64_t>(count_characters(end.bytes()));
  if (length < end_count || leeway < 0) throw Fault("the length or leeway is too small");
  // A short list passes, a long one does not: so it is in jinja2.
  const auto count = static_cast<std::int64_t>(cellm::chat::length(input, interpreter.budget()));
  if (count <= length + leeway) return input;
  const Text& text = text_of(input, "the input of truncate");
  const std::vector<std::size_t> offsets = boundaries(text.bytes());
  interpreter.budget().spend(offsets.size());
  Text result = text.slice(0, offsets[static_cast<std::size_t>(length - end_count)]);
  if (!truth_or(values[1], false)) result = split(result, " ", 1, true).front();
  result.append(text.is_markup() ? escaped(end, interpreter.budget()) : end);
  return make_like(text, std::move(result));
}

Value center(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const std::int64_t width = integer_or(bind(arguments, "center", {"width"})[0], 80, "the width");
  Arguments passed{.positional = {width}, .named = {}};
  const Value text = make_text(to_text(input, interpreter.budget()));
  return find_named(text_methods(), "center")(interpreter, text, passed);
}

Value word_count(Interpreter& interpreter, const Value& input, Arguments&) {
  const Text text = to_text(input, interpreter.budget());
  interpreter.budget().spend(text.size());
  std::int64_t count = 0;
  bool inside = false;
  for (std::size_t at = 0, size = 0; at < text.size(); at += size) {
    const bool word = is_word(decode_utf8(std::string_view(text.bytes()).substr(at), size));
    count += word && !inside ? 1 : 0;
    inside = word;
  }
  return count;
}

// With percent signs, but for the unreserved characters and "/"; a query has a plus for a space.
Text url_quoted(const Text& text, bool query) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~";
  Text result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text.bytes()[i];
    const bool plain = kUnreserved.find(byte) != std::string_view::npos || (byte == '/' && !query);
    std::string quoted(1, query && byte == ' ' ? '+' : byte);
    if (!plain && quoted != "+") quoted = fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    if (byte == '+') quoted = "%2B";
    result.append(quoted, text.origin_at(i));
  }
  return result;
}

Value url_encode(Interpreter& interpreter, const Value& input, Arguments&) {
  Budget& budget = interpreter.budget();
  const Dict* dict = dict_if(input);
  if (dict == nullptr && sequence_if(input) == nullptr) {
    return make_text(url_quoted(to_text(input, budget), false));
  }
  std::vector<Text> pairs;
  const auto add = [&](const Value& key, const Value& value) {
    Text pair = url_quoted(to_text(key, budget), true);
    pair.append("=", Origin::kTemplate);
    pair.append(url_quoted(to_text(value, budget), true));
    pairs.push_back(std::move(pair));
  };
  if (dict != nullptr) {
    for (const auto& [key, value] : dict->entries) add(key, value);
  } else {
    for (const Value& item : elements(input, budget)) {
      const std::vector<Value> parts = elements(item, budget);
      if (parts.size() != 2) throw Fault("urlencode needs pairs of a key and a value");
      add(parts[0], parts[1]);
    }
  }
  return make_text(joined(Text("&", Origin::kTemplate), pairs));
}

// ' name="value"' of each entry, values escaped.
Value xml_attributes(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const bool autospace = truth_or(bind(arguments, "xmlattr", {"autospace"})[0], true);
  Budget& budget = interpreter.budget();
  refuse_undefined(input);
  const Dict* dict = dict_if(input);
  if (dict == nullptr) throw Fault("xmlattr needs an object");
  std::vector<Text> attributes;
  for (const auto& [key, value] : dict->entries) {
    if (is_none(value) || is_undefined(value)) continue;
    const Text& name = text_of(key, "the name of an attribute");
    budget.spend(name.size() + 1);
    if (name.bytes().find_first_of(" \t\n\r\f\v/>=") != std::string::npos) {
      throw Fault(fmt::format("invalid character in the name of an attribute: {}",
                              to_repr(key, budget).bytes()));
    }
    Text attribute = escaped(name, budget);
    attribute.append("=\"", Origin::kTemplate);
    attribute.append(escaped(to_text(value, budget), budget));
    attribute.append("\"", Origin::kTemplate);
    attributes.push_back(std::move(attribute));
  }
  Text result;
  if (autospace && !attributes.empty()) result.append(" ", Origin::kTemplate);
  result.append(joined(Text(" ", Origin::kTemplate), attributes));
  result.set_markup(false);
  return make_text(std::move(result));
}

Value to_json(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  return make_text(
      json_text(input, json_style(arguments, interpreter.budget()), interpreter.budget()));
}

Value format(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  Budget& budget = interpreter.budget();
  if (!arguments.positional.empty() && !arguments.named.empty()) {
    throw Fault("format takes positional or named arguments, not both");
  }
  const DictRef named = make_dict();
  for (auto& [name, value] : arguments.named) dict_set(*named, make_text(name), value);
  const Text text = to_text(input, budget);
  return make_like(text, format_percent(text, arguments.positional,
                                        arguments.named.empty() ? nullptr : named.get(), budget));
}

std::optional<Value> truncated(double value) {
  constexpr double kBound = 9223372036854775808.0;
  if (!std::isfinite(value)) return std::nullopt;
  if (std::abs(value) >= kBound) throw Fault("an integer has more than 64 bits");
  return static_cast<std::int64_t>(value);
}

Value to_integer(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "int", {"default", "base"});
  Value otherwise = values[0].value_or(std::int64_t{0});
  const std::int64_t base = integer_or(values[1], 10, "the base");
  if ((base < 2 && base != 0) || base > 36) throw Fault("the base must be 0 or 2 to 36");
  refuse_undefined(input);
  if (is_integer(input)) return as_integer(input, "");
  if (is_number(input)) return truncated(as_double(input)).value_or(otherwise);
  const Text* text = text_if(input);
  if (text == nullptr) return otherwise;
  interpreter.budget().spend(text->size());
  if (const auto value = parse_integer(text->bytes(), static_cast<int>(base))) return *value;
  const auto number = parse_float(text->bytes());
  return number ? truncated(*number).value_or(otherwise) : otherwise;
}

Value to_float(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  Value otherwise = bind(arguments, "float", {"default"})[0].value_or(0.0);
  refuse_undefined(input);
  if (is_number(input)) return as_double(input);
  const Text* text = text_if(input);
  if (text != nullptr) interpreter.budget().spend(text->size());
  const auto number = text == nullptr ? std::nullopt : parse_float(text->bytes());
  return number ? Value(*number) : otherwise;
}

// "4.1 MB" of a number of bytes.
Value file_size(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const bool binary = truth_or(bind(arguments, "filesizeformat", {"binary"})[0], false);
  refuse_undefined(input);
  std::optional<double> bytes;
  if (is_number(input)) {
    bytes = as_double(input);
  } else if (const Text* text = text_if(input)) {
    interpreter.budget().spend(text->size());
    bytes = parse_float(text->bytes());
  }
  if (!bytes) throw Fault("filesizeformat needs a number");
  const double base = binary ? 1024 : 1000;
  if (*bytes == 1) return make_text("1 Byte");
  if (*bytes < base) {
    const auto whole = truncated(*bytes);
    if (!whole) throw Fault("an infinite number has no integer");
    return make_text(fmt::format("{} Bytes", as_integer(*whole, "")));
  }
  constexpr std::string_view kPrefixes = "kMGTPEZY";
  // Exact up to 1000⁹, which a double is not.
  long double unit = base;
  std::size_t place = 0;
  do {
    unit *= base;
  } while (!(*bytes < unit) && ++place < kPrefixes.size());
  char prefix = kPrefixes[std::min(place, kPrefixes.size() - 1)];
  if (binary && prefix == 'k') prefix = 'K';
  return make_text(fmt::format("{:.1f} {}{}", base * *bytes / static_cast<double>(unit), prefix,
                               binary ? "iB" : "B"));
}

}  // namespace

Table<FilterFunction> text_filters() {
  static constexpr Named<FilterFunction> kFilters[] = {
      {"upper", cased<Casing::kUpper>},
      {"lower", cased<Casing::kLower>},
      {"capitalize", cased<Casing::kCapitalize>},
      {"title", title},
      {"trim", trim},
      {"string", string},
      {"safe", safe},
      {"e", escape},
      {"escape", escape},
      {"forceescape", force_escape},
      {"replace", replace},
      {"indent", indent},
      {"truncate", truncate},
      {"center", center},
      {"wordcount", word_count},
      {"urlencode", url_encode},
      {"xmlattr", xml_attributes},
      {"filesizeformat", file_size},
      {"tojson", to_json},
      {"format", format},
      {"int", to_integer},
      {"float", to_float},
  };
  return kFilters;
}

}  // namespace cellm::chat
