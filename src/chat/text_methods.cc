// Methods of texts that change them or tell a property: Python's str.
#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.h"
#include "chat/builtins.h"
#include "chat/characters.h"
#include "chat/numerals.h"
#include "chat/operators.h"
#include "chat/text_operations.h"

namespace cellm::chat {
namespace {

const Text& self_text(const Value& self) {
  return *text_if(self);
}

template <Casing kCasing>
Value cased(Interpreter& interpreter, const Value& self, Arguments&) {
  interpreter.budget().spend(self_text(self).size());
  return make_text(change_case(self_text(self), kCasing));
}

template <bool kLeft, bool kRight>
Value stripped(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const auto chars = bind(arguments, "strip", {"chars"})[0];
  const bool given = chars && !is_none(*chars);
  return make_text(strip(self_text(self), kLeft, kRight,
                         given ? &bytes_of(*chars, "the characters of strip()") : nullptr,
                         interpreter.budget()));
}

Value replace(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const auto values = bind(arguments, "replace", {"old", "new", "count"});
  if (!values[0] || !values[1]) throw Fault("replace() needs an old and a new text");
  const Text& text = self_text(self);
  const Text& with = text_of(*values[1], "the new text");
  Budget& budget = interpreter.budget();
  return make_like(text, replaced(text, bytes_of(*values[0], "the old text"),
                                  text.is_markup() ? escaped(with, budget) : with,
                                  integer_or(values[2], -1, "the count"), budget));
}

Value remove_prefix(Interpreter&, const Value& self, Arguments& arguments) {
  const auto value = bind(arguments, "removeprefix", {"prefix"})[0];
  const std::string& prefix = bytes_of(value.value_or(None{}), "the prefix");
  const Text& text = self_text(self);
  return make_text(text.bytes().starts_with(prefix) ? text.slice(prefix.size(), text.size())
                                                    : text);
}

Value remove_suffix(Interpreter&, const Value& self, Arguments& arguments) {
  const auto value = bind(arguments, "removesuffix", {"suffix"})[0];
  const std::string& suffix = bytes_of(value.value_or(None{}), "the suffix");
  const Text& text = self_text(self);
  return make_text(text.bytes().ends_with(suffix) ? text.slice(0, text.size() - suffix.size())
                                                  : text);
}

enum class Side { kLeft, kRight, kBoth };

// str.ljust() puts the text to the left.
template <Side kSide>
Value justified(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const auto values = bind(arguments, "just", {"width", "fillchar"});
  const std::string fill =
      values[1] ? bytes_of(*values[1], "the fill character") : std::string(" ");
  if (count_characters(fill) != 1) {
    throw Fault("the fill character must be exactly one character long");
  }
  const Text& text = self_text(self);
  const auto width = integer_or(values[0], 0, "the width");
  const auto count = static_cast<std::int64_t>(count_characters(text.bytes()));
  if (width <= count) return self;
  const std::int64_t missing = width - count;
  interpreter.budget().spend(static_cast<std::uint64_t>(missing));
  std::int64_t left = 0;
  if (kSide == Side::kRight) left = missing;
  // As CPython centers: an odd space goes to the left if the width is odd.
  if (kSide == Side::kBoth) left = missing / 2 + (missing & width & 1);
  Text result = repeated(fill, static_cast<std::size_t>(left));
  result.append(text);
  result.append(repeated(fill, static_cast<std::size_t>(missing - left)));
  return make_like(text, std::move(result));
}

Value zero_filled(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const Text& text = self_text(self);
  const auto width = integer_or(bind(arguments, "zfill", {"width"})[0], 0, "the width");
  const auto count = static_cast<std::int64_t>(count_characters(text.bytes()));
  if (width <= count) return self;
  interpreter.budget().spend(static_cast<std::uint64_t>(width));
  const bool sign = text.bytes().starts_with('-') || text.bytes().starts_with('+');
  Text result = text.slice(0, sign ? 1 : 0);
  result.append(repeated("0", static_cast<std::size_t>(width - count)));
  result.append(text, sign ? 1 : 0, text.size());
  return make_like(text, std::move(result));
}

template <bool (*kProperty)(char32_t)>
Value all_are(Interpreter& interpreter, const Value& self, Arguments&) {
  interpreter.budget().spend(self_text(self).size());
  return all_characters(self_text(self).bytes(), kProperty);
}

template <bool (*kProperty)(std::string_view)>
Value text_is(Interpreter& interpreter, const Value& self, Arguments&) {
  interpreter.budget().spend(self_text(self).size());
  return kProperty(self_text(self).bytes());
}

bool is_ascii_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

bool is_printable_text(std::string_view text) {
  return text.empty() || all_characters(text, is_printable);
}

Value case_folded(Interpreter& interpreter, const Value& self, Arguments&) {
  interpreter.budget().spend(self_text(self).size());
  return make_text(fold_case(self_text(self)));
}

Value tabs_expanded(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const std::int64_t size =
      integer_or(bind(arguments, "expandtabs", {"tabsize"})[0], 8, "the tab size");
  const Text& text = self_text(self);
  const std::string& bytes = text.bytes();
  Text result;
  std::int64_t column = 0;
  for (std::size_t at = 0, length = 0; at < bytes.size(); at += length) {
    const char32_t code = decode_utf8(std::string_view(bytes).substr(at), length);
    if (code == '\t') {
      const std::int64_t spaces = size > 0 ? size - column % size : 0;
      interpreter.budget().spend(static_cast<std::uint64_t>(spaces));
      if (spaces > static_cast<std::int64_t>(kMaxTextBytes - result.size())) {
        throw Fault("a text is too long");
      }
      result.append(std::string(static_cast<std::size_t>(spaces), ' '), text.origin_at(at));
      column += spaces;
      continue;
    }
    column = code == '\n' || code == '\r' ? 0 : column + 1;
    result.append(text, at, at + length);
  }
  return make_like(text, std::move(result));
}

Value format_map(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const auto map = bind(arguments, "format_map", {"mapping"})[0];
  const Dict* dict = map ? dict_if(*map) : nullptr;
  if (dict == nullptr) throw Fault("format_map() needs an object");
  interpreter.budget().spend(dict->entries.size());
  Arguments named;
  for (const auto& [key, value] : dict->entries) {
    if (const Text* name = text_if(key)) named.named.emplace_back(name->bytes(), value);
  }
  return make_like(self_text(self), format_braces(interpreter, self_text(self), named));
}

Value format(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  return make_like(self_text(self), format_braces(interpreter, self_text(self), arguments));
}

}  // namespace

Table<MethodFunction> text_methods() {
  static constexpr Named<MethodFunction> kMethods[] = {
      {"upper", cased<Casing::kUpper>},
      {"lower", cased<Casing::kLower>},
      {"title", cased<Casing::kTitle>},
      {"capitalize", cased<Casing::kCapitalize>},
      {"swapcase", cased<Casing::kSwap>},
      {"strip", stripped<true, true>},
      {"lstrip", stripped<true, false>},
      {"rstrip", stripped<false, true>},
      {"replace", replace},
      {"removeprefix", remove_prefix},
      {"removesuffix", remove_suffix},
      {"ljust", justified<Side::kLeft>},
      {"rjust", justified<Side::kRight>},
      {"center", justified<Side::kBoth>},
      {"zfill", zero_filled},
      {"isspace", all_are<is_python_space>},
      {"isalpha", all_are<is_letter>},
      {"isalnum", all_are<is_alphanumeric>},
      {"isdigit", all_are<is_digit>},
      {"isnumeric", all_are<is_numeral>},
      {"isprintable", text_is<is_printable_text>},
      {"isidentifier", text_is<is_identifier>},
      {"isdecimal", all_are<is_decimal>},
      {"isascii", text_is<is_ascii_text>},
      {"isupper", text_is<is_upper>},
      {"islower", text_is<is_lower>},
      {"istitle", text_is<is_title>},
      {"casefold", case_folded},
      {"expandtabs", tabs_expanded},
      {"format", format},
      {"format_map", format_map},
  };
  return kMethods;
}

}  // namespace cellm::chat
