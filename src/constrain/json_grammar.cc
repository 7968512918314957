#include "constrain/json_grammar.h"

#include <cmath>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cellm {
namespace {

constexpr int kMaxTabs = 16;
constexpr int kMaxIntegerDigits = 18;   // fit into 64 bits
constexpr int kMaxNumberDigits = 15;    // of a float's integer part
constexpr int kMaxFractionDigits = 17;  // more do not change a double
constexpr int kMaxExponentDigits = 2;   // no number overflows

// Integers that 64 bits do not hold have become decimals, so that their digits are not known.
std::string constant_text(const nlohmann::ordered_json& value) {
  constexpr double kFirstUnheld = 0x1p63;
  if (value.is_number_float() && std::abs(value.get<double>()) >= kFirstUnheld) {
    throw unsupported_error("the constant {} of a schema is not supported: 64 bits do not hold it",
                            value.dump());
  }
  return value.dump();
}

}  // namespace

std::uint32_t JsonGrammar::shared(std::optional<std::uint32_t>& rule, const char* name,
                                  const AppendValue& body) {
  if (!rule) {
    rule = builder_.rule(name);
    const std::uint32_t made = *rule;  // before the body, which may be recursive
    builder_.end(made, body(builder_.start(made)));
  }
  return *rule;
}

std::uint32_t JsonGrammar::space(std::uint32_t from) {
  return builder_.call(from, shared(space_, "white space", [this](std::uint32_t at) {
                         const std::uint32_t to = builder_.node();
                         builder_.empty(at, to);
                         builder_.empty(builder_.literal(at, " "), to);
                         const std::uint32_t line = builder_.literal(at, "\n");
                         builder_.empty(line, to);
                         for (const auto& [text, most] :
                              {std::pair{" ", kMaxJsonIndent}, std::pair{"\t", kMaxTabs}}) {
                           std::uint32_t indent = line;
                           for (int i = 0; i < most; ++i) {
                             indent = builder_.literal(indent, text);
                             builder_.empty(indent, to);
                           }
                         }
                         return to;
                       }));
}

std::uint32_t JsonGrammar::colon(std::uint32_t from) {
  return builder_.optional(builder_.literal(from, ":"),
                           [this](std::uint32_t at) { return builder_.literal(at, " "); });
}

std::uint32_t JsonGrammar::digits(std::uint32_t from, int least, int most) {
  for (int i = 0; i < least; ++i) from = builder_.byte(from, '0', '9');
  const std::uint32_t to = builder_.node();
  builder_.empty(from, to);
  for (int i = least; i < most; ++i) {
    from = builder_.byte(from, '0', '9');
    builder_.empty(from, to);
  }
  return to;
}

std::uint32_t JsonGrammar::integer_part(std::uint32_t from, int most) {
  const std::uint32_t sign =
      builder_.optional(from, [this](std::uint32_t at) { return builder_.literal(at, "-"); });
  const std::uint32_t to = builder_.node();
  builder_.bytes(sign, '0', '0', to);
  builder_.empty(digits(builder_.byte(sign, '1', '9'), 0, most - 1), to);
  return to;
}

std::uint32_t JsonGrammar::integer(std::uint32_t from) {
  return builder_.call(from, shared(integer_, "an integer", [this](std::uint32_t start) {
                         return integer_part(start, kMaxIntegerDigits);
                       }));
}

std::uint32_t JsonGrammar::number(std::uint32_t from) {
  return builder_.call(from, shared(number_, "a number", [this](std::uint32_t start) {
                         const std::uint32_t whole = integer_part(start, kMaxNumberDigits);
                         const std::uint32_t fraction =
                             builder_.optional(whole, [this](std::uint32_t at) {
                               return digits(builder_.literal(at, "."), 1, kMaxFractionDigits);
                             });
                         return builder_.optional(fraction, [this](std::uint32_t at) {
                           const std::uint32_t e = builder_.node();
                           builder_.bytes(at, 'e', 'e', e);
                           builder_.bytes(at, 'E', 'E', e);
                           const std::uint32_t sign = builder_.node();
                           builder_.empty(e, sign);
                           builder_.bytes(e, '+', '+', sign);
                           builder_.bytes(e, '-', '-', sign);
                           return digits(sign, 1, kMaxExponentDigits);
                         });
                       }));
}

std::uint32_t JsonGrammar::number_in(std::uint32_t from, const DecimalRange& range) {
  const std::uint32_t rule = builder_.rule("a number in bounds");
  builder_.end(rule, append_decimal(builder_, builder_.start(rule), range));
  return builder_.call(from, rule);
}

std::uint32_t JsonGrammar::value(std::uint32_t from) {
  return builder_.call(from, shared(value_, "a value", [this](std::uint32_t start) {
                         const std::uint32_t to = builder_.node();
                         builder_.empty(any_object(start), to);
                         builder_.empty(any_array(start), to);
                         builder_.empty(string(start), to);
                         builder_.empty(number(start), to);
                         for (const char* text : {"true", "false", "null"}) {
                           builder_.empty(builder_.literal(start, text), to);
                         }
                         return to;
                       }));
}

std::uint32_t JsonGrammar::any_object(std::uint32_t from) {
  return builder_.call(from, shared(object_, "an object", [this](std::uint32_t start) {
                         return object(start, {{}, [this](std::uint32_t at) { return value(at); }});
                       }));
}

std::uint32_t JsonGrammar::any_array(std::uint32_t from) {
  return builder_.call(from, shared(array_, "an array", [this](std::uint32_t start) {
                         return array(start, {{}, [this](std::uint32_t at) { return value(at); }});
                       }));
}

std::uint32_t JsonGrammar::constants(std::uint32_t from,
                                     std::span<const nlohmann::ordered_json> values) {
  const std::uint32_t to = builder_.node();
  std::vector<std::string> scalars;
  for (const auto& value : values) {
    if (value.is_structured()) {
      builder_.empty(constant(from, value), to);
    } else {
      scalars.push_back(constant_text(value));
    }
  }
  if (!scalars.empty()) builder_.empty(builder_.one_of(from, scalars), to);
  return to;
}

std::uint32_t JsonGrammar::constant(std::uint32_t from, const nlohmann::ordered_json& value) {
  if (!value.is_structured()) return builder_.literal(from, constant_text(value));
  if (value.is_array()) {
    JsonArray form;
    for (const auto& item : value) {
      form.prefix.emplace_back([this, &item](std::uint32_t at) { return constant(at, item); });
    }
    form.min = static_cast<std::uint32_t>(value.size());
    return array(from, form);
  }
  JsonObject form;
  for (const auto& item : value.items()) {
    form.members.push_back({item.key(), true, [this, &member = item.value()](std::uint32_t at) {
                              return constant(at, member);
                            }});
  }
  return object(from, form);
}

// Members in order; `none` is where no member has been written yet, `some` where one has.
std::uint32_t JsonGrammar::object(std::uint32_t from, const JsonObject& object) {
  std::uint32_t none = space(builder_.literal(from, "{"));
  std::optional<std::uint32_t> some;
  bool may_be_empty = true;
  const auto begin_member = [&] {
    const std::uint32_t key = builder_.node();
    if (may_be_empty) builder_.empty(none, key);
    if (some) builder_.empty(space(builder_.literal(*some, ",")), key);
    return key;
  };
  for (const JsonMember& member : object.members) {
    const std::uint32_t key = begin_member();
    const std::uint32_t after = builder_.node();
    const std::string quoted = nlohmann::ordered_json(member.key).dump();
    builder_.empty(member.value(colon(builder_.literal(key, quoted))), after);
    if (member.required) {
      may_be_empty = false;
    } else if (some) {
      builder_.empty(*some, after);
    }
    some = after;
  }
  if (object.additional) {
    const std::uint32_t after = builder_.node();
    if (some) builder_.empty(*some, after);
    some = after;  // members follow each other
    const std::uint32_t key = begin_member();
    builder_.empty(object.additional(colon(other_key(key, object.members))), after);
  }
  const std::uint32_t to = builder_.node();
  if (may_be_empty) builder_.bytes(none, '}', '}', to);
  if (some) builder_.bytes(space(*some), '}', '}', to);
  return to;
}

std::uint32_t JsonGrammar::array(std::uint32_t from, const JsonArray& array) {
  const std::uint32_t open = space(builder_.literal(from, "["));
  const std::uint32_t closing = builder_.node();  // in front of white space
  const std::uint32_t to = builder_.node();
  if (array.min == 0) builder_.bytes(open, ']', ']', to);
  const auto next = [&](std::uint32_t at, std::size_t index) {
    return index == 0 ? at : space(builder_.literal(at, ","));
  };
  std::uint32_t at = open;
  std::uint32_t index = 0;
  for (; index < array.prefix.size() && (!array.max || index < *array.max); ++index) {
    at = array.prefix[index](next(at, index));
    if (index + 1 >= array.min) builder_.empty(at, closing);
  }
  if (array.items && (!array.max || index < *array.max)) {
    const std::uint32_t item = builder_.rule("an item");
    builder_.end(item, array.items(builder_.start(item)));
    if (index == 0) {
      at = builder_.call(at, item);
      if (array.min <= 1) builder_.empty(at, closing);
      index = 1;
    }
    const std::uint32_t rule = builder_.rule("a further item");
    builder_.end(rule, builder_.call(next(builder_.start(rule), 1), item));
    const std::uint32_t min = array.min > index ? array.min - index : 0;
    const std::uint32_t max = array.max ? *array.max - index : 0;
    builder_.empty(builder_.repeat(at, rule, min, array.max ? &max : nullptr), closing);
  }
  builder_.bytes(space(closing), ']', ']', to);
  return to;
}

}  // namespace cellm
